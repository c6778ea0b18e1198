import { systemClock, type Timer } from '../../../platform/clock.ts';
import { PierError } from '../../../platform/errors.ts';
import { NetworkClock } from '../../../testing/network-clock.ts';
import type { Engine } from '../../nodes/engine.ts';
import type { NetworkPlan } from '../../topology/network-plan.ts';
import { quote } from '../../topology/topology-error.ts';
import type { NetworkLink } from '../network-link.ts';
import {
  encodeState,
  loadStateOf,
  type NetworkHead,
  type NetworkState,
  requireFiles,
  type StateFiles,
  topologyOf,
} from './network-state.ts';
import type { WalletSeeds } from './network-wallets.ts';

/** The state of a network at one moment. */
interface NetworkSnapshot extends Omit<NetworkHead, 'topology' | 'added' | 'wallets'> {
  /** The nodes and links that it is of: the first ones of the network. */
  readonly plan: NetworkPlan;
  readonly engine: unknown;
}

/** What of a network's state its nodes and links do not have. */
type NetworkSettings = Pick<NetworkHead, 'mining' | 'fees'>;

/** What `NetworkSnapshots` needs. */
export interface SnapshotModules {
  /** Returns the plan, which grows with the network. */
  readonly plan: () => NetworkPlan;
  readonly engine: Engine;
  readonly clock: NetworkClock;
  readonly links: readonly NetworkLink[];
  /** Absent in a browser. */
  readonly files: StateFiles | undefined;
  /** What the network was created with; undefined for a new one. */
  readonly saved: NetworkState | undefined;
  readonly seeds: WalletSeeds | undefined;
  readonly hooks: SnapshotHooks;
}

/** What `NetworkSnapshots` asks of its network. */
export interface SnapshotHooks {
  settings(): NetworkSettings;
  /** Resolves when all nodes that reach each other agree. */
  synced(): Promise<void>;
  /** Before the nodes are restored: stops what works on them. */
  restoring(): Promise<void>;
  /** The clock is that of the state. */
  clockChanged(): void;
  /** After the nodes are restored: connects them, and sets what `settings` returned. */
  restored(settings: NetworkSettings): Promise<void>;
}

/** The states of a network: those that are kept in memory, in files, and beside the files of its nodes. */
export class NetworkSnapshots {
  readonly #modules: SnapshotModules;
  readonly #byId = new Map<string, NetworkSnapshot>();
  /** What `reset` restores, if it is not the state that the network was created with. */
  #begin: NetworkSnapshot | undefined;
  #last = 0;
  #keepTimer: Timer | undefined;
  #isClosed = false;

  constructor(modules: SnapshotModules) {
    this.#modules = modules;
  }

  /** Keeps the state of everything. Returns its id. */
  async take(): Promise<string> {
    const id = String(++this.#last);
    this.#byId.set(id, await this.#capture());
    return id;
  }

  /** Restores a kept state. Throws `PierError` 'unknown-snapshot'. */
  async revert(id: string): Promise<void> {
    await this.#restore(this.#find(id, 'revert'));
  }

  /** Forgets a kept state. Throws `PierError` 'unknown-snapshot'. */
  delete(id: string): void {
    this.#find(id, 'deleteSnapshot');
    this.#byId.delete(id);
  }

  /** Restores the state that the network was created with, or that of `beginHere`. */
  async reset(): Promise<void> {
    if (this.#begin) return this.#restore(this.#begin);
    const { engine, saved } = this.#modules;
    const plan = this.#modules.plan();
    const { time, clock, links, mining, fees } = saved ?? {
      time: systemClock.now(),
      clock: new NetworkClock().state,
      links: plan.links.map(({ conditions }) => ({ isCut: false, conditions })),
      ...{ mining: 'manual' as const, fees: undefined },
    };
    await this.#restore({ plan, engine: await engine.first(), time, clock, links, mining, fees });
  }

  /** Lets `reset` restore the state that everything has now. */
  async beginHere(): Promise<void> {
    this.#begin = await this.#capture();
  }

  /** Returns the state of everything as bytes. */
  async encode(): Promise<Uint8Array> {
    const { engine, seeds } = this.#modules;
    const { plan, engine: nodes, ...rest } = await this.#capture();
    return encodeState({ ...rest, topology: topologyOf(plan), wallets: seeds, nodes: engine.export(nodes) });
  }

  /** Writes the same to a file. Rejects with `PierError` 'state-not-saved' or 'no-files'. */
  async save(path: string): Promise<void> {
    const files = requireFiles(this.#modules.files);
    await files.write(path, await this.encode());
  }

  /** Restores what is in bytes, or in the file with a path. Rejects with `PierError` 'bad-state', without effect. */
  async load(state: string | Uint8Array): Promise<void> {
    const { engine, files, seeds } = this.#modules;
    const plan = this.#modules.plan();
    const { nodes, ...rest } = await loadStateOf({ topology: topologyOf(plan), wallets: seeds }, state, files);
    await this.#restore({ ...rest, plan, engine: engine.import(nodes) });
  }

  /** Writes what a network that continues on the nodes' files needs besides them. */
  keep(): void {
    const { engine, seeds } = this.#modules;
    const plan = this.#modules.plan();
    const { added } = plan;
    engine.keep({ topology: topologyOf(plan), added, ...this.#head(), wallets: seeds } satisfies NetworkHead);
  }

  /** Does so once for all changes of this turn. What cannot be written is at the next change, or at the end. */
  keepSoon(): void {
    if (this.#keepTimer || this.#isClosed) return;
    this.#keepTimer = systemClock.after(0, () => {
      this.#keepTimer = undefined;
      try {
        this.keep();
      } catch {}
    });
  }

  /** Forgets all states. Changes from now on are not kept by themselves. */
  close(): void {
    this.#isClosed = true;
    this.#keepTimer?.cancel();
    this.#byId.clear();
    this.#begin = undefined;
  }

  async #capture(): Promise<NetworkSnapshot> {
    const { engine, hooks } = this.#modules;
    for (;;) {
      const plan = this.#modules.plan();
      await hooks.synced();
      const captured = await engine.capture();
      // A node may have been added meanwhile.
      if (plan === this.#modules.plan()) return { plan, engine: captured, ...this.#head() };
    }
  }

  #head(): Omit<NetworkSnapshot, 'plan' | 'engine'> {
    const { clock, links, hooks } = this.#modules;
    return {
      time: clock.now(),
      clock: clock.state,
      links: links.map(({ isCut, conditions }) => ({ isCut, conditions })),
      ...hooks.settings(),
    };
  }

  #find(id: string, where: string): NetworkSnapshot {
    const snapshot = this.#byId.get(id);
    if (snapshot) return snapshot;
    throw new PierError('unknown-snapshot', `${where}: id: there is no snapshot ${quote(id)}`, {
      hint: 'Give what snapshot() has returned, unless deleteSnapshot() has forgotten it.',
    });
  }

  async #restore(snapshot: NetworkSnapshot): Promise<void> {
    const { clock, engine, links, hooks } = this.#modules;
    await hooks.restoring();
    clock.restore(snapshot.time, snapshot.clock.frozen !== undefined);
    hooks.clockChanged();
    const planned = this.#modules.plan().links;
    for (const [i, link] of links.entries()) {
      // Links of nodes that were added later are as they were then.
      const { isCut, conditions } = snapshot.links[i] ?? { isCut: false, conditions: planned[i]!.conditions };
      link.restore(isCut, conditions);
    }
    await engine.restore(snapshot.engine);
    await hooks.restored(snapshot);
  }
}
