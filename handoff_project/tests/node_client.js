// What a team that uses @segment/analytics-node writes. Arguments: address, write key, how many.
const { Analytics } = require("@segment/analytics-node");

const [host, writeKey, count] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, flushAt: 15, flushInterval: 200 });
let failed = 0;
analytics.on("error", (error) => {
  failed += 1;
  console.error(error.code, error.reason || error.ctx?.failedDelivery?.() || "");
});

async function main() {
  for (let n = 0; n < Number(count); n += 1) {
    const userId = `node-${n}`;
    const anonymousId = `node-browser-${n}`;
    analytics.page({ anonymousId, name: "Pricing", properties: { url: "https://www.example.com/pricing" } });
    analytics.identify({ userId, anonymousId, traits: { email: `node${n}@acme.example`, name: `Ä 😀 ${n}`, title: "VP Sales", created: new Date() } });
    analytics.track({ userId, event: "Demo Requested", properties: { plan: "pro", list: [1, "x"], none: null, missing: undefined } });
    analytics.group({ userId, groupId: `g${n}`, traits: { name: "Acme", employees: 800 } });
  }
  await analytics.closeAndFlush({ timeout: 20000 });
  console.log(JSON.stringify({ failed }));
}

main();
