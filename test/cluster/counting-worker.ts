/** A worker whose metrics are the number of times it was asked for them. It ends when it is asked a third time. */
let asked = 0;

process.on("message", () => {
  asked += 1;
  if (asked === 3) process.exit(0);
  const families = [
    { name: "asked", help: "Help.", type: "counter", values: [{ labels: {}, value: asked }] },
  ];
  process.send?.({ kind: "metrics", families });
});
