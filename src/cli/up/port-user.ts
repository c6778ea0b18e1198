import { connect } from 'node:net';
import { LOOPBACK } from '../../node/composition/settings.ts';

/** Milliseconds that a program may take to answer. */
const ANSWER_TIMEOUT_MS = 1_000;

/** A program of which nothing is known. */
export const ANOTHER_PROGRAM = 'another program';

/** Returns what is known of the program that listens on a port of this machine, for messages. */
export async function portUser(port: number, host = LOOPBACK): Promise<string> {
  return (await speaksHttp(port, host)) ? 'a program that speaks HTTP' : ANOTHER_PROGRAM;
}

/** Returns whether a program answers to a request of HTTP. */
function speaksHttp(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: ANSWER_TIMEOUT_MS }, () =>
      socket.write(`HEAD / HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`),
    );
    let answer = '';
    const end = () => {
      socket.destroy();
      resolve(answer.startsWith('HTTP/'));
    };
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
      if (answer.length >= 'HTTP/'.length) end();
    });
    socket.once('timeout', end).once('error', end).once('close', end);
  });
}
