import { secp256k1, useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';

/** Runs `action` and returns the number of signature verifications in it. */
export async function countVerifications(action: () => unknown): Promise<number> {
  const engine = secp256k1();
  let count = 0;
  const counted =
    <A extends unknown[], R>(verify: (...args: A) => R) =>
    (...args: A): R => {
      count++;
      return verify(...args);
    };
  useSecp256k1Engine({
    ...engine,
    verifyEcdsa: counted(engine.verifyEcdsa),
    verifySchnorr: counted(engine.verifySchnorr),
  });
  try {
    await action();
  } finally {
    useSecp256k1Engine(engine);
  }
  return count;
}
