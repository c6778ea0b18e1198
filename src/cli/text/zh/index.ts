import type { TextTable } from '../texts.ts';
import { help } from './help.ts';

/** What the command says in Chinese. */
export const zh: { readonly own: TextTable; readonly foreign: TextTable } = { own: help, foreign: {} };
