import { ChainError } from '../chain/records/errors.ts';

/** Stored data of a light node that are missing or make no sense. */
export function corrupt(what: string, cause?: unknown): ChainError {
  return new ChainError('corrupt-database', `the stored headers are corrupt: ${what}`, {
    hint: 'Remove the file: a light node downloads its headers again within moments.',
    cause,
  });
}
