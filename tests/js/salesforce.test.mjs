// The Salesforce sandbox as jsforce sees it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import jsforce from "jsforce";

const token = "t";
const version = "62.0";
let server;
let url;
let conn;

const connect = (accessToken) => new jsforce.Connection({ instanceUrl: url, accessToken, version, maxRequest: 5 });

before(async () => {
  const args = ["sandbox", "salesforce", "--port", "0", "--token", token, "--leads", "50", "--no-rate-limit"];
  server = spawn(process.env.LEADSYNC ?? "leadsync", args, { stdio: ["ignore", "pipe", "inherit"] });
  url = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
    createInterface({ input: server.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.slice("ready ".length).trim());
    });
  });
  conn = connect(token);
});

after(() => server?.kill());

test("client credentials open the account", async () => {
  const other = new jsforce.Connection({
    version,
    oauth2: { loginUrl: url, clientId: "any", clientSecret: "any" },
  });
  const user = await other.authorize({ grant_type: "client_credentials" });
  const identity = await other.identity();
  assert.equal(identity.user_id, user.id);
  assert.equal((await other.query("SELECT COUNT() FROM User")).totalSize, 9);
});

test("leads and contacts are queried, with their parents", async () => {
  const leads = await conn.query("SELECT Id, Email, Owner.Name, Owner.Type FROM Lead WHERE IsDeleted = false ORDER BY Id");
  const contacts = await conn.sobject("Contact").find({}, ["Id", "Account.Name"]).sort("Id");
  assert.equal(leads.totalSize + contacts.length, 50);
  assert.ok(leads.records.every((row) => row.attributes.type === "Lead" && row.Owner.Name));
});

test("a long answer comes in pages", async () => {
  const records = Array.from({ length: 250 }, (_, n) => ({ LastName: `Page ${n}`, Company: "Paging" }));
  const made = await conn.sobject("Lead").create(records, { allowRecursive: true });
  assert.ok(made.every((row) => row.success));
  const query = "SELECT Id FROM Lead WHERE Company = 'Paging'";
  const first = await conn.query(query, { headers: { "Sforce-Query-Options": "batchSize=200" } });
  assert.deepEqual([first.records.length, first.done], [200, false]);
  const rest = await conn.queryMore(first.nextRecordsUrl);
  assert.deepEqual([rest.records.length, rest.done], [50, true]);
  const gone = await conn.sobject("Lead").destroy(made.map((row) => row.id), { allowRecursive: true });
  assert.ok(gone.every((row) => row.success));
});

test("deleted rows are found by queryAll alone", async () => {
  const made = await conn.sobject("Lead").create({ LastName: "Brief", Company: "Gone" });
  await conn.sobject("Lead").destroy(made.id);
  const query = "SELECT Id FROM Lead WHERE LastName = 'Brief'";
  assert.equal((await conn.query(query)).totalSize, 0);
  assert.equal((await conn.query(query, { scanAll: true })).totalSize, 1);
  await assert.rejects(conn.sobject("Lead").retrieve(made.id), { errorCode: "ENTITY_IS_DELETED" });
});

test("one row is made, changed and read", async () => {
  const lead = conn.sobject("Lead");
  const made = await lead.create({ LastName: "Script", Company: "Acme", Email: "js@x.example" });
  await lead.update({ Id: made.id, Title: "CTO", Leadsync_Score__c: 73 });
  const row = await lead.retrieve(made.id);
  assert.deepEqual([row.Title, row.Leadsync_Score__c, row.Name], ["CTO", 73, "Script"]);
  await assert.rejects(lead.update({ Id: made.id, Nonsense__c: 1 }), { errorCode: "INVALID_FIELD" });
  await assert.rejects(lead.update({ Id: made.id, Leadsync_Temperature__c: "tepid" }), {
    errorCode: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
  });
});

test("a collection reports each row", async () => {
  const { records } = await conn.query("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 2");
  const [good, bad] = await conn.sobject("Lead").update([
    { Id: records[0].Id, Leadsync_Score__c: 5 },
    { Id: records[1].Id, Email: "nonsense" },
  ]);
  assert.deepEqual([good.success, bad.success], [true, false]);
  assert.equal(bad.errors[0].statusCode ?? bad.errors[0].errorCode, "INVALID_EMAIL_ADDRESS");
  const rows = await conn.sobject("Lead").retrieve(records.map((row) => row.Id), { fields: ["Leadsync_Score__c"] });
  assert.equal(rows[0].Leadsync_Score__c, 5);
});

test("the account describes itself", async () => {
  const lead = await conn.describe("Lead");
  const status = lead.fields.find((field) => field.name === "Status");
  assert.deepEqual(status.picklistValues.map((one) => one.value).slice(0, 3), ["New", "Nurturing", "Working"]);
  assert.ok((await conn.describeGlobal()).sobjects.some((one) => one.name === "CampaignMember"));
  assert.ok((await conn.limits()).DailyApiRequests.Remaining > 0);
  assert.ok(conn.limitInfo.apiUsage.used > 0);
});

test("what changed in a window of time", async () => {
  const window = [new Date(Date.now() - 3600e3), new Date(Date.now() + 120e3)];
  const changed = await conn.sobject("Account").updated(...window);
  assert.deepEqual(changed.ids, []);
  assert.ok(changed.latestDateCovered);
  assert.deepEqual((await conn.sobject("Account").deleted(...window)).deletedRecords, []);
});

test("a composite call refers to its own answers", async () => {
  const root = `/services/data/v${version}`;
  const answer = await conn.requestPost(`${root}/composite`, {
    compositeRequest: [
      { method: "POST", url: `${root}/sobjects/Lead`, referenceId: "lead", body: { LastName: "C", Company: "C" } },
      { method: "POST", url: `${root}/sobjects/Task`, referenceId: "task", body: { WhoId: "@{lead.id}", Subject: "Hi" } },
    ],
  });
  assert.deepEqual(answer.compositeResponse.map((one) => one.httpStatusCode), [201, 201]);
});

test("bulk jobs read and write", async () => {
  const poll = { pollInterval: 20, pollTimeout: 10000 };
  const made = await conn.bulk2.loadAndWaitForResults({
    ...poll,
    object: "Lead",
    operation: "insert",
    input: [{ LastName: "Bulk", Company: "Masses", Title: "two\nlines" }, { LastName: "Nobody" }],
  });
  assert.deepEqual([made.successfulResults.length, made.failedResults.length, made.unprocessedRecords.length], [1, 1, 0]);
  assert.match(made.failedResults[0].sf__Error, /^REQUIRED_FIELD_MISSING:/);
  const stream = await conn.bulk2.query("SELECT Id, Title FROM Lead WHERE Company = 'Masses'", poll);
  const rows = await stream.toArray();
  assert.deepEqual(rows, [{ Id: made.successfulResults[0].sf__Id, Title: "two\nlines" }]);
  await assert.rejects(conn.bulk2.query("SELECT COUNT() FROM Lead", poll), { errorCode: "API_ERROR" });
});

test("a wrong token is refused", async () => {
  await assert.rejects(connect("wrong").query("SELECT Id FROM Lead"), { errorCode: "INVALID_SESSION_ID" });
});

test("a wrong query is refused in Salesforce's words", async () => {
  await assert.rejects(conn.query("SELECT Nonsense__c FROM Lead"), /No such column 'Nonsense__c' on entity 'Lead'/);
});
