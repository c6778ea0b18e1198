import type { OptionTable } from './arguments/option.ts';
import { OptionError } from './arguments/option-error.ts';
import { toBool, toText } from './arguments/option-value.ts';
import type { Settings } from './arguments/settings.ts';

/**
 * Throws `OptionError` for the first option that asks for what the node cannot do. Returns a warning for each one that is
 * ignored.
 */
export function checkSupport(settings: Settings, options: OptionTable): string[] {
  const warnings: string[] = [];
  for (const { name, support } of options.values()) {
    const value = settings.value(name);
    if (value === undefined || support === 'used') continue;
    if ('ignored' in support) {
      if (toBool(value)) warnings.push(`Option -${name} is ignored: ${support.ignored}.`);
    } else if (!support.unless?.includes(value === '' ? '1' : toText(value))) {
      throw new OptionError(`Option -${name} is not supported: ${support.refused}.`);
    }
  }
  return warnings;
}
