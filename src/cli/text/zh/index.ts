import type { TextTable } from '../texts.ts';
import { commander } from './commander.ts';
import { commandErrors } from './errors-commands.ts';
import { fileErrors } from './errors-files.ts';
import { networkErrors } from './errors-network.ts';
import { help } from './help.ts';
import { output } from './output.ts';
import { paymentProofs } from './payment-proofs.ts';
import { scenario } from './scenario.ts';
import { zod } from './zod.ts';

/** What the command says in Chinese. */
export const zh: { readonly own: TextTable; readonly foreign: TextTable } = {
  own: { ...help, ...output },
  foreign: { ...commander, ...zod, ...commandErrors, ...fileErrors, ...networkErrors, ...paymentProofs, ...scenario },
};
