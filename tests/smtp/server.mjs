// A mail server that does as it is told, on 127.0.0.1. Arguments: the port (0 for a free one), and `tls` for TLS from
// the start. Its certificate is its own, so nobody trusts it.
//
// It reads orders from standard input, one a line, and answers each with one line of JSON:
//     accept    takes every mail
//     later     refuses recipients for a while (451)
//     later-data  reads the mail and then refuses it for a while (451)
//     never     refuses recipients for good (550)
//     silent    takes connections and says nothing
//     deaf      takes the mail and never says so
//     list      answers with the mails that it holds
import { createInterface } from "node:readline";
import { SMTPServer } from "smtp-server";

const [port, tls] = process.argv.slice(2);
let mode = "accept";
const mails = [];

function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

const server = new SMTPServer({
  secure: tls === "tls",
  authOptional: true,
  logger: false,
  disableReverseLookup: true,
  closeTimeout: 100,
  onConnect(session, done) {
    if (mode !== "silent") done();
  },
  onRcptTo(address, session, done) {
    if (mode === "later") return done(refusal(451, "4.3.0 try again later"));
    if (mode === "never") return done(refusal(550, "5.1.1 nobody of this name here"));
    done();
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on("data", part => parts.push(part));
    stream.on("end", () => {
      if (mode === "later-data") return done(refusal(451, "4.3.0 try again later"));
      mails.push({
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map(recipient => recipient.address),
        raw: Buffer.concat(parts).toString("latin1"),
      });
      if (mode !== "deaf") done();
    });
  },
});
// A connection that breaks off, at a certificate that is not trusted for example.
server.on("error", () => {});

const say = answer => process.stdout.write(`${JSON.stringify(answer)}\n`);
server.listen(Number(port), "127.0.0.1", () => say({ port: server.server.address().port }));

const orders = createInterface({ input: process.stdin });
orders.on("line", order => {
  if (order === "list") return say({ mails });
  mode = order;
  say({ mode });
});
orders.on("close", () => process.exit(0));
