import { expect, it } from 'vitest';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { type Asset, loadAssets, prepareSpend } from '../script/support/assets.ts';
import { describeVectors } from '../support/vectors.ts';

// As in test/script/taproot.test.ts, but under their own flags only, and as one test per topic, so that a mutant runs
// only the topics that reach it. A case's comment starts with its topic: 'sighash/keypath_hashtype_0'.
describeVectors("Core's script assets", 'taproot/script_assets.json', () => {
  const topics = new Map<string, Asset[]>();
  for (const asset of loadAssets()) {
    const topic = asset.comment.split('/')[0]!;
    topics.set(topic, [...(topics.get(topic) ?? []), asset]);
  }

  it.each([...topics])('succeed and fail under their own flags: %s', (_, assets) => {
    useSecp256k1Engine('native');
    const wrong: string[] = [];
    for (const asset of assets) {
      const { flags, comment, success, failure } = asset;
      const error = success && prepareSpend(asset, success)(flags);
      if (error) wrong.push(`${comment}: ${error}`);
      if (failure && !prepareSpend(asset, failure)(flags)) wrong.push(`${comment}: passes`);
    }
    expect(wrong).toEqual([]);
  });
});
