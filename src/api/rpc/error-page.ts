import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { reasonPhrase, sendText } from './http-reply.ts';

/** Refuses a request that bitcoind's HTTP server (libevent) refuses by itself, and closes its connection. */
export function sendErrorPage(response: ServerResponse, status: number): void {
  response.shouldKeepAlive = false;
  sendText(response, status, errorPage(status), { 'Content-Type': 'text/html' });
}

/** Answers bytes that are no request, which have no response to write to, and closes the connection. */
export function endWithErrorPage(socket: Socket, status: number): void {
  const page = errorPage(status);
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
    'Content-Type: text/html',
    'Connection: close',
    `Date: ${new Date().toUTCString()}`,
    `Content-Length: ${page.length}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${page}`);
}

function errorPage(status: number): string {
  const reason = reasonPhrase(status);
  return `<HTML><HEAD>\n<TITLE>${status} ${reason}</TITLE>\n</HEAD><BODY>\n<H1>${reason}</H1>\n</BODY></HTML>\n`;
}
