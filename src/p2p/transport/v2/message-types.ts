/** BIP324's one-byte message types, from 1 (Core: V2_MESSAGE_IDS); 0 introduces a long message type. */
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

const shortTypes = new Map(commands.map((command, i) => [command, i + 1]));

/** Returns a command's short message type, from 1 to 28; undefined if it has none. */
export function shortTypeOf(command: string): number | undefined {
  return shortTypes.get(command);
}

/** Returns the command of a short message type; undefined for an unassigned one. */
export function commandOf(shortType: number): string | undefined {
  return commands[shortType - 1];
}
