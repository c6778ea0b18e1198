import { describe, expect, it } from 'vitest';
import { barCommands, findMisfit, offersFor } from '../../src/web/model/command-words.ts';
import { en } from '../../src/web/text/en.ts';
import { zh } from '../../src/web/text/zh.ts';

const commands = barCommands(['central', 'miner', 'mine'], [{ from: 'central', to: 'miner' }]);
const offers = (line: string, texts = en) => offersFor(line, commands, (name) => texts.act.actions[name]);
/** What the first offer does, as its command in a terminal. */
const does = (line: string, texts = en) => {
  const [first] = offers(line, texts);
  return first && [first.action.command(first.values), ...first.spare];
};

describe('the words of the command bar', () => {
  it('name an action and its fields, in their order or by name', () => {
    expect(does('mine')).toEqual(['pier mine 1']);
    expect(does('pier mine 2')).toEqual(['pier mine 2']);
    expect(does('  mine 3   miner ')).toEqual(['pier mine 3 --by miner']);
    expect(does('mine by=miner 4')).toEqual(['pier mine 4 --by miner']);
    expect(does('pay 0 1 0.25')).toEqual(['pier pay 0 1 0.25']);
    expect(does('pay amount=3 1 0')).toEqual(['pier pay 1 0 3']);
    expect(does('fauc 1 2')).toEqual(['pier faucet 1 2']);
    expect(does('partition central miner,mine')).toEqual(['pier partition central miner,mine']);
    expect(does('heal')).toEqual(['pier heal']);
    expect(does('add')).toEqual(['pier add']);
    expect(does('add miner pool central')).toEqual(['pier add pool --role miner --link central']);
    expect(does('add name=pool')).toEqual(['pier add pool']);
    // What no field takes is said.
    expect(does('heal now')).toEqual(['pier heal', 'now']);
    expect(does('mine 1 miner nosuch=2')).toEqual(['pier mine 1 --by miner', 'nosuch=2']);
  });

  it('name a node or a link to act on', () => {
    expect(does('kill central')).toEqual(['pier kill central']);
    expect(does('kill mine')).toEqual(['pier kill miner']);
    expect(offers('kill mine').map(({ on }) => on)).toEqual([['miner'], ['mine']]);
    expect(offers('kill').map(({ on }) => on)).toEqual([['central'], ['miner'], ['mine']]);
    expect(does('cut central miner')).toEqual(['pier link central miner --cut']);
    expect(does('latency central miner 250')).toEqual(['pier link central miner --latency 250']);
    expect(does('kill nosuch')).toBeUndefined();
    expect(does('kill min central')).toBeUndefined();
  });

  it('say what there is where nothing fits', () => {
    expect(findMisfit('pier kill nosuch', commands)).toEqual({
      ...{ text: 'node', action: 'kill', values: ['nosuch', 'central, miner, mine'] },
    });
    expect(findMisfit('cut central mine', commands)).toEqual({
      ...{ text: 'link', action: 'cut', values: ['central', 'mine', 'central miner'] },
    });
    expect(findMisfit('cut central', commands)?.values).toEqual(['central', '', 'central miner']);
    expect(findMisfit('zzz', commands)).toBeUndefined();
  });

  it('are found by the words of the page, too, the exact ones first', () => {
    expect(does('Move')).toEqual(['pier time --increase 3600']);
    expect(does('挖区块', zh)).toEqual(['pier mine 1']);
    expect(does('mi')).toEqual(['pier mine 1']);
    expect(offers('mi').map(({ action }) => action.name)).toEqual(expect.arrayContaining(['mine', 'mining']));
    expect(offers('').length).toBe(8);
    expect(offers('zzz')).toEqual([]);
  });
});
