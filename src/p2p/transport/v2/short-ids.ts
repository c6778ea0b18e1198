/** BIP324's table: a command's place, counted from 1, is its one-byte name. 0 announces a command that is spelt out. */
const commands: readonly string[] = [
  'addr',
  'block',
  'blocktxn',
  'cmpctblock',
  'feefilter',
  'filteradd',
  'filterclear',
  'filterload',
  'getblocks',
  'getblocktxn',
  'getdata',
  'getheaders',
  'headers',
  'inv',
  'mempool',
  'merkleblock',
  'notfound',
  'ping',
  'pong',
  'sendcmpct',
  'tx',
  'getcfilters',
  'cfilter',
  'getcfheaders',
  'cfheaders',
  'getcfcheckpt',
  'cfcheckpt',
  'addrv2',
];

const ids = new Map(commands.map((command, i) => [command, i + 1]));

/** From 1 to 28; undefined where a command has none. */
export function shortIdOf(command: string): number | undefined {
  return ids.get(command);
}

/** Undefined where no command has this id. */
export function commandOf(shortId: number): string | undefined {
  return commands[shortId - 1];
}
