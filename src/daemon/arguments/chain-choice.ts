import { type NetworkName, networkNames } from '../../consensus/params.ts';
import { sinceNegation } from './command-line.ts';
import { OptionError } from './option-error.ts';
import { type OptionValue, toBool, toText } from './option-value.ts';
import type { SettingSources } from './settings.ts';

const FLAGS = { regtest: 'regtest', signet: 'signet', testnet: 'test', testnet4: 'testnet4' } as const;

/** The choice of an unknown network, or of several. */
export class ChainChoiceError extends OptionError {}

/**
 * Returns the network that `-chain`, `-regtest`, `-signet`, `-testnet` or `-testnet4` choose; default: main. Throws
 * `ChainChoiceError` (Core: ArgsManager::GetChainType).
 */
export function chosenNetwork(sources: SettingSources): NetworkName {
  const flagged = Object.entries(FLAGS).filter(([flag]) => toBool(unsectioned(sources, flag) ?? false));
  const chain = unsectioned(sources, 'chain');
  if (flagged.length + (chain === undefined ? 0 : 1) > 1) {
    throw new ChainChoiceError(
      'Invalid combination of -regtest, -signet, -testnet, -testnet4 and -chain. Can use at most one.',
    );
  }
  if (chain === undefined) return flagged[0]?.[1] ?? 'main';
  const network = networkNames.find((name) => name === toText(chain));
  if (!network) throw new ChainChoiceError(`Unknown chain ${toText(chain)}.`);
  return network;
}

/** Returns a value that stands outside of sections: the last one, unless the command line negates the option. */
function unsectioned({ commandLine, config }: SettingSources, name: string): OptionValue | undefined {
  const given = commandLine.get(name) ?? [];
  const inFiles = config.get('')?.get(name) ?? [];
  return sinceNegation(given).at(-1) ?? sinceNegation(inFiles).at(-1) ?? (inFiles.at(-1) === false ? false : undefined);
}
