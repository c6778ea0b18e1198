import { option, refused } from './define.ts';

const TOPICS = ['hashblock', 'hashtx', 'rawblock', 'rawtx', 'sequence'] as const;
const notYet = refused('the node publishes no ZeroMQ messages');

/** Core's `ZeroMQ notification options`. */
export const zmqOptions = TOPICS.flatMap((topic) => [
  option(`zmqpub${topic}=<address>`, `Publish ${topic} at an address (may be given more than once)`, notYet),
  option(`zmqpub${topic}hwm=<n>`, `Messages of ${topic} that wait at most (default: 1000)`, notYet),
]);
