/** A collector of traces that reads what it gets and accepts everything. */
import { createServer } from "node:http";

createServer((request, response) => {
  // An empty body is the message that everything has been accepted.
  request
    .resume()
    .on("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end());
}).listen(Number(process.env.PORT), "127.0.0.1");
