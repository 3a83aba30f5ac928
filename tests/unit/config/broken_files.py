"""Files as they are broken in life, each with what has to be said of it."""

Files = dict[str, str | bytes | None]
Case = tuple[Files, str, str, str]

MAIN = "connections:\n  hubspot: {type: hubspot, token: {env: LEADSYNC_TEST_TOKEN}}\n"
MAPPING = "mappings/hubspot.yaml"
SECRET = "pat-eu1-0123-secret"
ALIASES = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
)

MANY_RULES = "fit: {rules: {\n" + "".join(f"r{i}: {{points: 1, when: email}},\n" for i in range(1002)) + "}}\n"

TOO_MANY = ", ".join(f"r{i}: {{points: 1, when: email}}" for i in range(10_000))


def main(line: str) -> Files:
    """`leadsync.yaml` with one more line: the third."""
    return {"leadsync.yaml": f"{MAIN}{line}\n"}


def account(entry: str) -> Files:
    """`leadsync.yaml` with this connection on its second line, from column 8 on."""
    return {"leadsync.yaml": f"connections:\n  crm: {entry}\n"}


def scoring(text: str | bytes) -> Files:
    return {"scoring.yaml": text}


def rule(entry: str) -> Files:
    """A scoring file with this rule on its fourth line, from column 8 on."""
    return {"scoring.yaml": f"use: b2b\nfit:\n  rules:\n    x: {entry}\n"}


def funnel(stage: str) -> Files:
    """A funnel file with this stage on its second line, from column 5 on."""
    return {"funnel.yaml": f"stages:\n  - {stage}\n"}


def routing(text: str) -> Files:
    return {"routing.yaml": f"{text}\n"}


def read(line: str) -> Files:
    """A mapping file with this under `read: contacts:` on its fourth line, from column 5 on."""
    return {MAPPING: f"use: hubspot\nread:\n  contacts:\n    {line}\n"}


def write(line: str) -> Files:
    """A mapping file with this under `write: contacts:` on its fourth line, from column 5 on."""
    return {MAPPING: f"use: hubspot\nwrite:\n  contacts:\n    {line}\n"}


# the broken file; line:column; words of the problem; words of the fix, "" where the problem says it all
KEYS = "the keys here are "
SYNTAX: list[Case] = [
    (scoring("fit:\n\trules: {}\n"), "2:1", "a tab stands where blanks belong", "write `  rules: {}`"),
    (scoring("fit:\n  \tcap: 3\n"), "2:3", "a tab", "write `    cap: 3`"),
    ({"leadsync.yaml": f"connections:\n\tcrm: {{token: {SECRET}}}\n"}, "2:1", "a tab", "indent by blanks"),
    (scoring("fit: {}\n".encode("utf-16")), "1:1", "not text in UTF-8", "save it as UTF-8"),
    (scoring("fit:\n  café: 1\n".encode("latin-1")), "2:6", "not text in UTF-8", "save it as UTF-8"),
    (scoring("fit: \0\n"), "1:6", "cannot be seen (U+0000)", "save the file as UTF-8"),
    (scoring("fit:\r\n  cap: \x1b[1m\r\n"), "2:8", "cannot be seen (U+001B)", "remove it"),
    (scoring('fit: "\\e[1m"\n'), "1:6", "cannot be seen (U+001B)", "remove it"),
    (scoring('fit: "\\ud800"\n'), "1:6", "cannot be seen (U+D800)", "remove it"),
    (scoring('fit: "\\UFFFFFFFF"\n'), "1:9", "this is no character", "write the character itself"),
    (scoring('fit: "\\d"\n'), "1:8", "after a backslash", "write two backslashes"),
    (scoring("\ufeffuse: b2b\r\nfit:\r\n  cap: none\r\n"), "3:3", "cap: expected a number", "such as 12.5"),
    (scoring("fit: {}\n---\nfit: {}\n"), "2:1", "a second document begins here", "a file of its own"),
    (scoring("fit: {}\n...\nfit: {}\n"), "3:1", "does not belong", "a file holds one document"),
    (scoring("use: b2b\nfit: {}\nfit: {}\n"), "3:1", "'fit' stands here twice", "keep one of them"),
    (scoring("use: b2b\nfit: {cap: 1, cap: 2}\n"), "2:15", "'cap' stands here twice", "keep one of them"),
    (scoring("a: &a {cap: 1}\nb: {<<: *a}\n"), "2:5", "merging by `<<` is not supported", "write out"),
    (scoring("fit: {cap: !!python/object:os.system ls}\n"), "1:12", "a tag to YAML", "leave the tag out"),
    (scoring("fit: !include other.yaml\n"), "1:6", "a tag to YAML", "leave the tag out"),
    (scoring("fit: !a!b c\n"), "1:6", "a tag to YAML", "put the value in quotes"),
    (scoring("? [a]\n: 1\n"), "1:3", "a key must be a word", "in quotes"),
    (scoring("{a: 1}: 2\n"), "1:1", "a key must be a word", "in quotes"),
    (scoring("fit: &a {}\n*a : 2\n"), "2:1", "a key must be a word", "in quotes"),
    (scoring("fit: {cap: 1\nnegative: {}\n"), "1:6", "this `{` is not closed", "close the bracket"),
    (scoring("fit: [1, 2\n"), "1:6", "this `[` is not closed", "close the bracket"),
    (scoring('fit: "abc\nnegative: 2\n'), "1:6", "this quote is not closed", "close it"),
    (scoring("fit: a: b\n"), "1:7", "a `:` cannot stand here", "in quotes"),
    (scoring("fit:\n  cap: 1\n    rules: {}\n"), "3:10", "a `:` cannot stand here", "indent by blanks"),
    (scoring("fit:\n    cap: 1\n  rules: {}\n"), "3:3", "does not fit with what", "indent by blanks"),
    (scoring("fit:\n  cap: 1\n  rules\n"), "3:3", "after this key a `: ` is missing", "write `key: value`"),
    (rule("{points: 1, when: 'country = PL, DE'}"), "4:39", "a comparison has one value", "write `in [.., ..]`"),
    (rule("{points: 1, when: 'country not in [PL]'}"), "4:35", "'not' cannot stand here", "write `not country in"),
    (rule("{points: 1, per: activity}"), "4:20", "points are given per activity of one kind", "a rule for each"),
    (scoring("use: b2b\nown: {points: 3}\n"), "2:7", "unknown key 'points'", "as in `rules: {NAME: {points"),
    (rule("{points: 1, per: visit or chat}"), "4:20", "points are given per activity of one kind", "a rule for each"),
    (rule("{points: 1, per: [visit, chat]}"), "4:20", "points are given per activity of one kind", "a rule for each"),
    (rule("{points: 3,5, when: email}"), "4:19", "unknown key '5'", "write decimals with a point, such as 1.5"),
    (rule("{points: 1, when: country is PL}"), "4:34", "found 'is'", "when: country = PL}`"),
    (rule("{points: 1, when: visit >= 3 in 7d}"), "4:26", "an activity is not compared", "when: 3 visit in 7d}`"),
    (rule("{points: 1, when: >5}"), "4:26", "cannot begin with this", "put the value in quotes"),
    (scoring("fit:\n  cap: > 5 and\n"), "2:8", "a text of several lines", "put the value in quotes"),
    (scoring("fit: @x\n"), "1:6", "cannot begin with this", "put the value in quotes"),
    (scoring("fit: *x\n"), "1:6", "none of this name stands above", "put the value in quotes"),
    (scoring("fit: *\n"), "1:6", "begins with `*` repeats", "put the value in quotes"),
    (scoring("fit: &a [*a]\n"), "1:10", "none of this name stands above", "put the value in quotes"),
    (scoring("- a\n"), "1:1", "not a set of `key: value` lines", "write"),
    (scoring("hello\n"), "1:1", "not a set of `key: value` lines", "write"),
    ({"leadsync.yaml": "# nothing\n"}, "", "the file is empty", "leadsync init"),
    ({"scoring.yaml": None}, "", "this is not a file", "put a text file here"),
]  # fmt: skip
LIMITS: list[Case] = [
    (scoring("grade: {fit: [40]}\n"), "1:9", "fit: expected 3 values, and there are 1", "write all 3"),
    (scoring(MANY_RULES), "1003:1", "more than 1000 rules", "one rule can ask for many values"),
    (scoring(ALIASES), "5:15", "more than 20000 values, repeated ones included", "repeat less"),
    (scoring(f"fit: {{rules: {{{TOO_MANY}}}}}"), "1:218875", "more than 20000 values", "scored by at most 1000 rules"),
    (scoring('use: b2b\n"": {rules: {a: {points: 1, when: email}}}\n'), "2:1", "nothing to read", "write a word"),
    (scoring('use: b2b\nown: {rules: {" ": {points: 1, when: email}}}\n'), "2:15", "nothing to read", "write a word"),
    (scoring('segments: [{name: " ", when: email}]\n'), "1:13", "nothing to read", "write a word"),
    (scoring("".join(f"a{i}: &a{i} [{f'*a{i - 1}' if i else 'x'}]\n" for i in range(50))),
     "30:12", "nested more than 30 deep", "write it flatter"),
    (scoring("[" * 100_000), "1:32", "nested more than 30 deep", "close the brackets"),
    (scoring("- " * 100_000), "1:63", "nested more than 30 deep", "write it flatter"),
    (scoring("a: [" + "x," * 60_000 + "x]"), "1:40001", "more than 20000 values", "take out"),
    (scoring("a: " + "x" * 10_000_000), "", "the file is larger than 1 MB", "keep only"),
    (scoring("a: " + "x" * 500_000), "1:1", "a: expected keys with values", "write `key: value`"),
]  # fmt: skip
SETTINGS: list[Case] = [
    ({"leadsync.yaml": "store: x\n"}, "1:1", "the key 'connections' is missing", "add `connections: …`"),
    ({"leadsync.yaml": "connections:\n"}, "1:1", "connections: expected keys with values", "write `key"),
    ({"leadsync.yaml": "conections: {a: {}}\n"}, "1:1", "unknown key 'conections'", "`connections` inst"),
    (account("yes"), "2:3", "crm: expected keys with values", "write `key: value`"),
    (account("{type: hubspt, token: " + SECRET + "}"), "2:9", "type 'hubspt' is installed", "mean hubspot"),
    (account("{type: pipedrive}"), "2:9", "no connector of type 'pipedrive'", "installed are files"),
    (account("{type: 5}"), "2:9", "crm: type: expected text", "one of files, hubspot, salesforce"),
    (account("{token: {env: T}}"), "2:3", "crm: the key 'type' is missing", "one of files, hubspot"),
    (account("{type: hubspot, tokn: " + SECRET + "}"), "2:24", "unknown key 'tokn'", "`token` instead"),
    (account("{type: hubspot, token: " + SECRET + "}"), "2:24", "a secret never stands in this file", ""),
    (account("{type: hubspot, token: {" + SECRET + "}}"), "2:32", "does not say where a secret", "env:"),
    (account("{type: hubspot, token: {cmd: " + SECRET + "}}"), "2:32", "cmd: expected a list", "[a, b]"),
    (account("{type: hubspot, token: {env: A, file: b}}"), "2:24", "exactly one of env, file, cmd", ""),
    (account("{type: hubspot, token: 12345}"), "2:24", "a secret never stands in this file", ""),
    (account("{type: hubspot, token: {env: T}, live: on}"), "2:41", "live: expected true or false", "`true`"),
    (account("{type: hubspot, token: {env: T}, live: NO}"), "2:41", "expected true or false", "`false`"),
    (account("{type: hubspot, token: {env: T}, live: soon}"), "2:41", "expected true or f", "true or false"),
    (account("{type: hubspot, token: {env: T}, quota: {own: 250}}"), "2:49", "own: expected 100 or less", ""),
    (account("{type: hubspot, token: {env: T}, quota: {own: 25%}}"), "2:49", "expected a number", "`25` inst"),
    (account("{type: hubspot, token: {env: T}, mapping: m.yaml}"), "2:41", "no mapping m.yaml", "write it"),
    (account("{type: salesforce, token: {env: T}, domain: x}"), "2:44", "give the My Domain host", ""),
    (account("{type: salesforce}"), "2:3", "give token, or client_id and client_secret", ""),
    ({"leadsync.yaml": MAIN.replace("hubspot:", "Hub Spot:")}, "2:3", "Hub Spot: not a connection's name", ""),
    (main("every: 60"), "3:1", "expected a time span such as 60s", "a number with its unit"),
    (main("every: 1 min"), "3:1", "expected a time span such as 60s", "write `1m` instead of `1 min`"),
    (main("every: 8:30"), "3:1", "expected a time span such as 60s", "write `510m` instead of `8:30`"),
    (main("every: 0s"), "3:1", "expected a time span such as 60s", "a number with its unit"),
    (main("every: 99999999999999999d"), "3:1", "is too long a time span", "write 3650d at most"),
    (main("every: 3651d"), "3:1", "is too long a time span", "write 3650d at most"),
    (main("evry: 60s"), "3:1", "unknown key 'evry'", "write `every` instead of `evry`"),
    (main("on: 60s"), "3:1", "unknown key 'on'", KEYS + "brake, connections, every"),
    (main("8:30: 60s"), "3:1", "unknown key '8:30'", KEYS),
    (main("every: 60s\nevery: 5m"), "4:1", "the key 'every' stands here twice", "keep one of them"),
    (main("home: PL"), "3:1", "home: expected keys with values", "write `key: value`"),
    (main("home: {country: Poland}"), "3:8", "'Poland' is not a country's code", "write PL"),
    (main("home: {country: no}"), "3:8", "'no' is not a country's code", "write NO"),
    (main("home: {currency: euro}"), "3:8", "'euro' is not a currency's code", "write one such as EUR"),
    (main("home: {time_zone: Warsaw}"), "3:8", "'Warsaw' is not a time zone", ""),
    (main("home: {time_zone: Europe}"), "3:8", "'Europe' is not a time zone", ""),
    (main("home: {time_zone: ../../etc/passwd}"), "3:8", "is not a time zone", ""),
    (main("home: {time_zone: Factory}"), "3:8", "'Factory' is not a time zone", ""),
    (main("home: {time_zone: posix/Europe/Warsaw}"), "3:8", "is not a time zone", ""),
    (main("home: {timezone: UTC}"), "3:8", "unknown key 'timezone'", "write `time_zone`"),
    (main("prefer: hubspot"), "3:1", "prefer: expected a list", "a list such as [a, b]"),
    (main("prefer: [hubspot, hubspt]"), "3:19", "there is no connection 'hubspt'", "one of hubspot"),
    (main("fields: {email: text}"), "3:10", "email: a word of leadsync already", ""),
    (main("fields: {renewal: dat}"), "3:10", "renewal: expected 'text', 'number'", "write `date`"),
    (main("fields: {Renewal: date}"), "3:10", "Renewal: not a field's name", ""),
    (main("brake: {share: 200}"), "3:9", "share: expected 100 or less", ""),
    (main("brake: {share: 20%}"), "3:9", "share: expected a number", "write `20` instead of `20%`"),
    (main("brake: {replaced: -1}"), "3:9", "replaced: expected 0 or more", ""),
    (main("brake: {replaced: 1.5}"), "3:9", "replaced: expected a whole number", "such as 12"),
    (main("mail_check: on"), "3:1", "expected off, system or the address of a DNS server", ""),
    (main("mail_check: 192.0.2.53"), "3:1", "expected off, system or the address of a DNS server", ""),
    (main("mail_check: dns.example:53"), "3:1", "such as 192.0.2.53:53, not 'dns.example:53'", ""),
    (main("mail_check: 192.0.2.53:65536"), "3:1", "not '192.0.2.53:65536'", ""),
    (main("mail_check: true"), "3:1", "mail_check: expected text", ""),
    (main('never: "mail_state = dead"'), "3:22", "no mailbox is 'dead'", "one of valid, risky"),
    (main("never: contry = PL"), "3:8", "unknown word 'contry'", "write `country` instead of `contry`"),
    (main("stor: postgresql://me:" + SECRET + "@host/db"), "3:1", "unknown key 'stor'", "write `store`"),
]  # fmt: skip
MAPPINGS: list[Case] = [
    ({MAPPING: "use: hubspt\n"}, "1:1", "is called 'hubspt'", "there are files, hubspot, salesforce"),
    ({MAPPING: "use: [hubspot]\n"}, "1:1", "use: expected text", "one text, not several"),
    ({MAPPING: "use: hubspot\nraed: {contacts: {}}\n"}, "2:1", "unknown key 'raed'", "`read: {contacts: {}}`"),
    ({MAPPING: "use: hubspot\nread: [contacts]\n"}, "2:1", "read: expected keys with values", "write `key"),
    ({MAPPING: "use: hubspot\nread: {contact: {role: lead}}\n"}, "2:8", "no object 'contact'", "read: {contacts: {ro"),
    ({MAPPING: "use: hubspot\nread: {contacts: {email: {from: e, map: {A: x, a: y}}}}\n"}, "2:48", "one value", ""),
    ({MAPPING: "use: hubspot\nread: {contacts: {country: {from: e, map: {a: Atlantis}}}}\n"}, "2:44", "no country", ""),
    ({MAPPING: "use: hubspot\nread: {contacts: {mail_state: {from: e, map: {x: ok}}}}\n"}, "2:47", "'ok' is none", ""),
    ({MAPPING: "use: hubspot\nread: {contacts: {email: {from: e, match: ''}}}\n"}, "2:36", "match:", ""),
    (main('never: "country = Poland"'), "3:19", "told by their codes", "write `PL`"),
    (main('never: "employees between 2000 and 50"'), "3:9", "nothing lies between", "between 50 and 2000"),
    ({"routing.yaml": "when: temperature = hott\nreps: {a: {email: a@b.c}}\n"}, "1:21", "no lead is 'hott'", "hot"),
    ({MAPPING: "use: salesforce\n"}, "1:1", "mapping of another CRM", "write `use: hubspot`"),
    ({MAPPING: "use: hubspot\nwrite: {contacts: {x: {value: stage, map: {Mql: a}}}}\n"}, "2:44", "stage 'Mql'", "MQL"),
    ({"routing.yaml": "when: stage = SQLL\nreps: {a: {email: a@b.c}}\n"}, "1:1", "no stage 'sqll'", "suspect, IQL"),
    ({MAPPING: "use: hubspot\nwrite: {contacts: {jobtitle: reasons}}\n"}, "2:20", "what it wrote", "job_title"),
    ({MAPPING: "use: hubspot\nread: {\xa0contacts: {}}\n"}, "2:8", "knows no object", ""),
    ({MAPPING: "use: hubspot\n\xa0read: {}\n"}, "2:1", "cannot be seen", "plain blanks"),
    ({MAPPING: "use: hubspot\nwrite: {contact: {a: score}}\n"}, "2:9", "did you mean 'contacts'", "contacts: {a"),
    ({MAPPING: "read: {contacts: {email: a}}\n"}, "1:8", "the key 'role' is missing", "add `role: …`"),
    (read("role: company"), "3:3", "contacts has the role lead, not company", "write `role: lead`"),
    (read("role: leed"), "4:5", "role: expected 'lead', 'company'", "write `    role: lead`"),
    (read("emial: x"), "4:5", "unknown field 'emial'", "write `    email: x`"),
    (read("birthday: x"), "4:5", "unknown field 'birthday'", "declare your own under `fields:`"),
    (read("email: 5"), "4:5", "email: expected keys with values", "write `key: value`"),
    (read("email: {form: x}"), "4:13", "unknown key 'form'", "write `    email: {from: x}`"),
    (read("email: {from: 5}"), "4:13", "from: expected text", "write it in quotes"),
    (read("email: {from: []}"), "4:13", "from: expected at least one", ""),
    (read("budget: {from: x, as: monney}"), "4:23", "unknown converter 'monney'", "{from: x, as: money}`"),
    (read("budget: {from: x, as: [money, html]}"), "4:23", "'html' cannot read what 'money'", "leave one out"),
    (read("budget: {from: x, as: email}"), "4:23", "'email' gives text, and 'budget' is number", "use one of"),
    (read("budget: {from: x, join: ','}"), "4:23", "several values cannot be joined", "leave `join` out"),
    (read("campaign: {from: x, match: '('}"), "4:25", "not a usable regular expression", "one group"),
    (read("campaign: {from: x, match: a}"), "4:25", "it has 0 groups in brackets", "one group"),
    (read("campaign: {from: x, match: '(?=a)'}"), "4:25", "look-ahead", "one group"),
    (read("timeline: {from: x, map: {soon: 3 monts}}"), "4:31", "'3 monts' is no time such as", "can be read"),
    (read("timeline: {from: x, map: {a: [1]}}"), "4:31", "a: expected text, or true or false, or a num", ""),
    (read("budget: {from: x, default: much}"), "4:23", "'much' is no number", "that can be read so"),
    (read("counters: {x: {as: vist}}"), "4:16", "unknown activity 'vist'", "{x: {as: visit}}`"),
    (read("counters: {x: visit}"), "4:16", "x: expected keys with values", "write `key: value`"),
    (read("kinds: {as: visit}"), "4:5", "kinds: expected a list", "[a, b]"),
    (read("outcomes: [{as: wonn}]"), "4:17", "as: expected 'won', 'lost' or 'converted'", "[{as: won}]`"),
    (read("outcomes: [{as: won, wen: {}}]"), "4:26", "unknown key 'wen'", "[{as: won, when: {}}]`"),
    (read("owner: [a]"), "4:5", "owner: expected text", "one text, not several"),
    (write("x: scoer"), "4:5", "unknown result 'scoer'", "write `    x: score`"),
    (write("x: urgency"), "4:5", "'urgency' is not available yet", "leave it out until then"),
    (write("x: {valu: score}"), "4:9", "unknown key 'valu'", "write `    x: {value: score}`"),
    (write("x: {policy: always}"), "4:5", "the key 'value' is missing", "add `value: …`"),
    (write("x: {value: score, policy: alwys}"), "4:23", "unknown policy 'alwys'", "policy: always}`"),
    (write("x: {value: score, policy: if_unowned}"), "4:23", "if_unowned is for owners only", "`policy`"),
    (write("x: {value: temperature, least: 3}"), "4:29", "temperature is no number", "leave `least` out"),
    (write("x: {value: score, least: -1}"), "4:23", "least: expected 0 or more", ""),
    (write("x: {value: score, least: '2,5'}"), "4:23", "least: expected a number", "least: '2.5'}`"),
    (write("x: {value: score, every: 1 day}"), "4:23", "every: expected a time span", "every: 1d}`"),
    (write("x: {value: reasons, length: long}"), "4:25", "length: expected a whole number", "such as 12"),
    (write("x: {value: reasons, with: y}"), "4:25", "x cannot go with 'y'", "another field of this object"),
    (write("x: score\n    x: fit"), "5:5", "the key 'x' stands here twice", "keep one of them"),
    (write("Rating: score\n    rating: fit"), "5:5", "written two ways, also as Rating", "keep one"),
]  # fmt: skip
RULES: list[Case] = [
    (scoring("use: b3b\n"), "1:1", "no ready-made scoring file is called 'b3b'", "there are b2b"),
    (scoring("use: b2b\nfit: 40\n"), "2:1", "fit: expected keys with values", "write `key: value`"),
    (rule("{points: lots, when: country}"), "4:9", "points: expected a number", "such as 12.5"),
    (rule("{points: 8:30, when: country}"), "4:9", "points: expected a number", "such as 12.5"),
    (rule("{points: 10%, when: country}"), "4:9", "points: expected a number", "x: {points: 10, when"),
    (rule("{points: .inf, when: country}"), "4:9", "points: expected a number", "such as 12.5"),
    (rule("{points: .nan, when: country}"), "4:9", "points: expected a number", "such as 12.5"),
    (rule("{points: 0x10, when: country}"), "4:9", "points: expected a number", "such as 12.5"),
    (rule("{points: 99999999999999999999, when: country}"), "4:9", "points: expected 1000 or less", ""),
    (rule("{points: 5}"), "4:5", "x: every lead would get these points", "add `when:` or `per:`"),
    (rule("{when: country}"), "4:5", "the key 'points' is missing", "add `points: …`"),
    (rule("{points: 5, when: country, wen: city}"), "4:35", "unknown key 'wen'", KEYS + "cap, fade, half_life"),
    (rule("{points: 5, when: 5}"), "4:20", "when: expected text", "write it in quotes"),
    (rule("{points: 5, when: country, cap: -5}"), "4:35", "cap: expected more than 0", "cap: 5}`"),
    (rule("{points: 5, when: country, cap: 0}"), "4:35", "cap: expected more than 0", "write more than 0"),
    (scoring("fit:\n  big: {points: 5, when: email}\n"), "2:3", "unknown key 'big'", "put it below `rules:`"),
    (rule("{points: 5, per: demo_reqest}"), "4:20", "unknown activity 'demo_reqest'", "per: demo_request}`"),
    (rule("{points: 5, per: country}"), "4:20", "'country' is a field and cannot be used here", ""),
    (rule("{points: 5, per: visit, half_life: 30 days}"), "4:32", "expected a time span", "half_life: 30d}`"),
    (rule("{points: 5, per: visit, half_life: 36h}"), "4:32", "expected whole days", "such as 30d"),
    (rule("{points: 5, when: country, half_life: 30d}"), "4:5", "about the age of an activity", "`per:`"),
    (rule('{points: 5, when: "contry = PL"}'), "4:27", "unknown word 'contry'", '"country = PL"}`'),
    (rule('{points: 5, when: "country = "}'), "4:36", "expected a value, but the condition ends here", ""),
    (rule('{points: 5, when: "country = PL an city"}'), "4:40", "found 'an'", "country = PL and city"),
    (rule('{points: 5, when: "city && country"}'), "4:32", "found '&&'", "city and country"),
    (rule('{points: 5, when: "country in [PL, NO"}'), "4:45", "expected ',' or ']'", ""),
    (rule("""{points: 5, when: "city matches '('"}"""), "4:40", "not a usable regular expression", ""),
    (rule("{points: true, when: email}"), "4:9", "points: expected a number, not true", "write a number such as"),
    (rule('{points: 5, when: "employees > many"}'), "4:39", "'employees' needs a number such as 50", ""),
    (rule('{points: 5, when: "2 meetng in 30d"}'), "4:29", "unknown activity 'meetng'", "2 meeting in 30d"),
    (rule('{points: 5, when: "no activity in 60"}'), "4:42", "a number of days such as '30d'", 'in 60d"}`'),
    (rule('{points: 5, when: "visit in 2 weeks and email"}'), "4:36", "found '2 weeks'", "visit in 14d and email"),
    (rule('{points: 5, when: "visit in soon"}'), "4:36", "found 'soon'", ""),
    (rule('{points: 5, when: "city = New York"}'), "4:34", "found 'New York'", """when: "city = 'New York'"}`"""),
    (rule("{points: 5, when: 'city = New York'}"), "4:34", "found 'New York'", """when: 'city = "New York"'}`"""),
    (rule("{points: 5, when: city = New York}"), "4:33", "found 'New York'", """when: city = "New York"}`"""),
    (rule('{points: 5, when: "city = Val d\'Isere"}'), "4:34", "found 'Val d'Isere'", r"""\"Val d'Isere\""}`"""),
    (rule("{points: 5, when: need or country in (PL)}"), "4:45", "found '(PL)'", 'when: "need or country in [PL]"}`'),
    (rule("{points: 5, when: email and !need}"), "4:36", "unexpected '!'", "when: email and not need}`"),
    (rule('{points: 5, when: "country in PL, DE or email"}'), "4:38", "found 'PL, DE'", "in [PL, DE] or email"),
    (scoring("use: b2b\ntemperature: {hot: true}\n"), "2:15", "hot: expected a number, not true", "write a number"),
    (scoring("use: b2b\ntemperature: {hot: 20, warm: 60}\n"), "2:24", "no lead could be warm", "lower"),
    (scoring("use: b2b\ntemperature: {hot: x, warm: 80}\n"), "2:15", "hot: expected a whole number", ""),
    ({"funnel.yaml": "stages: []\n"}, "1:1", "a funnel needs stages", "write `use: default`"),
    ({"funnel.yaml": "stages: foo\n"}, "1:1", "stages: expected a list", "[a, b]"),
    ({"funnel.yaml": "stage: []\n"}, "1:1", "unknown key 'stage'", "write `stages: []`"),
    (funnel("A"), "2:5", "stages: expected keys with values", "write `key: value`"),
    (funnel("{nme: A}"), "2:6", "unknown key 'nme'", "write `  - {name: A}`"),
    (funnel("{gate: {}}"), "2:5", "the key 'name' is missing", "add `name: …`"),
    (funnel("{name: A}\n  - {name: A}"), "3:5", "the stage 'A' stands here twice", "of its own"),
    (funnel("{name: A, gate: email}"), "2:15", "gate: expected keys with values", "write `key: value`"),
    (funnel("{name: A, gate: {x: scroe > 3}}"), "2:25", "unknown word 'scroe'", "gate: {x: score > 3}}`"),
    (funnel("{name: A, gate: {x: score => 3}}"), "2:32", "expected a value, found '>'", "{x: score >= 3}}`"),
    (funnel("{name: A, gate: {x: stage = B}}"), "2:25", "'stage' is a result and cannot be used here", "it follows"),
    (routing("reps: [a]"), "1:1", "reps: expected keys with values", "write `key: value`"),
    (routing("reps:\n  a: a@example.com"), "2:3", "a: expected keys with values", "write `key: value`"),
    (routing("reps:\n  a: {}"), "2:3", "the key 'email' is missing", "add `email: …`"),
    (routing("reps:\n  a: {email: x}"), "2:7", "'x' is not an e-mail address", ""),
    (routing("reps:\n  a: {email: a@b.c, weight: -1}"), "2:21", "weight: expected 1 or more", ""),
    (routing("reps:\n  a: {email: a@b.c, weight: two}"), "2:21", "expected a whole number", "such as 12"),
    (routing("reps:\n  a: {email: a@b.c}\n  b: {email: A@B.C}"), "3:7", "b has the e-mail of a", "keep one"),
    (routing("reps:\n  a: {email: a@b.c}\n  a: {email: c@d.e}"), "3:3", "the key 'a' stands here twice", ""),
    (routing("when: stage == SQL"), "1:14", "expected a value, found '='", "write `when: stage = SQL`"),
    (routing("use: default"), "1:1", "unknown key 'use'",
     KEYS + "catch_all, customers, holidays, others, reps, rules, together, when"),
]  # fmt: skip
ALL = [*SYNTAX, *LIMITS, *SETTINGS, *MAPPINGS, *RULES]
