// The HubSpot sandbox as HubSpot's own JavaScript client sees it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Client } from "@hubspot/api-client";

const token = "t";
let server;
let client;

const connect = (basePath, accessToken) => new Client({ accessToken, basePath, numberOfApiCallRetries: 0 });

before(async () => {
  const args = ["sandbox", "hubspot", "--port", "0", "--token", token, "--leads", "50", "--no-rate-limit"];
  server = spawn(process.env.LEADSYNC ?? "leadsync", args, { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
    createInterface({ input: server.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.slice("ready ".length).trim());
    });
  });
  client = connect(url, token);
});

after(() => server?.kill());

test("contacts are listed page by page", async () => {
  const all = await client.crm.contacts.getAll(20, undefined, ["email", "jobtitle"]);
  assert.equal(all.length, 50);
  assert.equal(new Set(all.map((row) => row.id)).size, 50);
  assert.ok(all[0].createdAt instanceof Date);
  assert.ok("jobtitle" in all[0].properties);
});

test("a search finds by the time of the last change", async () => {
  const found = await client.crm.contacts.searchApi.doSearch({
    filterGroups: [{ filters: [{ propertyName: "lastmodifieddate", operator: "GTE", value: "1000" }] }],
    sorts: [{ propertyName: "lastmodifieddate", direction: "ASCENDING" }],
    properties: ["email"],
    limit: 30,
    after: "0",
  });
  assert.equal(found.total, 50);
  assert.equal(found.results.length, 30);
  assert.equal(found.paging.next.after, "30");
});

test("one row is made, changed, read and archived", async () => {
  const api = client.crm.contacts.basicApi;
  const made = await api.create({ properties: { email: "js@x.example", firstname: "J" }, associations: [] });
  await api.update(made.id, { properties: { jobtitle: "CTO" } });
  assert.equal((await api.getById(made.id, ["jobtitle"])).properties.jobtitle, "CTO");
  await assert.rejects(api.create({ properties: { email: "js@x.example" }, associations: [] }), { code: 409 });
  await api.archive(made.id);
  await assert.rejects(api.getById(made.id), { code: 404 });
});

test("a batch with trace ids is written as far as it is good", async () => {
  const [good, bad] = (await client.crm.contacts.basicApi.getPage(2)).results;
  const answer = await client.crm.contacts.batchApi.update({
    inputs: [
      { id: good.id, properties: { leadsync_score: "73" }, objectWriteTraceId: good.id },
      { id: bad.id, properties: { leadsync_temperature: "boiling" }, objectWriteTraceId: bad.id },
    ],
  });
  assert.deepEqual(answer.results.map((row) => row.id), [good.id]);
  assert.equal(answer.numErrors, 1);
  assert.deepEqual(answer.errors[0].context.objectWriteTraceId, [bad.id]);
});

test("activity is associated with contacts", async () => {
  const [contact] = (await client.crm.contacts.basicApi.getPage(1)).results;
  const call = await client.crm.objects.basicApi.create("calls", {
    properties: { hs_timestamp: "2026-11-20T10:00:00Z", hs_call_direction: "INBOUND" },
    associations: [
      { to: { id: contact.id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 194 }] },
    ],
  });
  const links = await client.crm.associations.v4.batchApi.getPage("calls", "contacts", { inputs: [{ id: call.id }] });
  assert.equal(String(links.results[0].to[0].toObjectId), contact.id);
});

test("owners and properties", async () => {
  const owners = await client.crm.owners.ownersApi.getPage();
  assert.ok(owners.results.length > 1);
  const schema = await client.crm.properties.coreApi.getAll("contacts");
  const score = schema.results.find((property) => property.name === "leadsync_score");
  assert.equal(score.type, "number");
});

test("a wrong token is refused", async () => {
  const stranger = connect(client.config.basePath, "wrong");
  await assert.rejects(stranger.crm.contacts.basicApi.getPage(), { code: 401 });
});
