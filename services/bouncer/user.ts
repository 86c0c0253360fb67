// One person: her networks and the clients that are logged in as her. Everything of hers happens in the turn of the event
// loop that a line came in; nothing waits between reading and changing.
import type { Bouncer } from './bouncer.ts'
import { Announcements } from './downstream/announcements.ts'
import type { Downstream } from './downstream/downstream.ts'
import { updatePresence } from './downstream/presence.ts'
import { WorkBudget } from './downstream/work-budget.ts'
import { Network } from './network.ts'
import type { NetworkRecord, UserRecord } from './store/records.ts'

export class User {
  readonly bouncer: Bouncer
  record: UserRecord
  readonly networks = new Map<number, Network>()
  /** Her clients, attached to a network or not. */
  readonly downstreams = new Set<Downstream>()
  /** Of her clients' requests. */
  readonly work: WorkBudget
  readonly #announcements: Announcements

  constructor(bouncer: Bouncer, record: UserRecord) {
    this.bouncer = bouncer
    this.record = record
    this.work = new WorkBudget(bouncer.clock)
    for (const network of bouncer.store.networks.list(record.id)) this.#adopt(network)
    this.#announcements = new Announcements(this)
  }

  start(): void {
    if (this.record.isEnabled) for (const network of this.networks.values()) network.keeper.start()
  }

  stop(reason: string): void {
    for (const network of this.networks.values()) network.keeper.stop(reason)
  }

  /** Leaves the networks until the store works again. */
  suspend(reason: string): void {
    for (const network of this.networks.values()) network.keeper.suspend(reason)
  }

  /** The store works again. */
  resume(): void {
    for (const network of this.networks.values()) network.keeper.resume()
  }

  /** Lines of her history. */
  get lines(): number {
    return this.bouncer.store.removal.count([...this.networks.keys()])
  }

  networkNamed(name: string): Network | undefined {
    const wanted = name.toLowerCase()
    return [...this.networks.values()].find(({ record }) => record.name.toLowerCase() === wanted)
  }

  /** A network that is new: stored, and connected if it is enabled. Undefined when the name is taken. */
  addNetwork(record: Omit<NetworkRecord, 'id' | 'userId'>): Network | undefined {
    const stored = this.bouncer.store.networks.add({ ...record, userId: this.record.id })
    if (!stored) return
    const network = this.#adopt(stored)
    if (this.record.isEnabled) network.keeper.start()
    this.tell(network)
    return network
  }

  /** Leaves a network for good, with its history. */
  removeNetwork(network: Network): void {
    network.keeper.stop('the network was removed')
    for (const downstream of [...network.downstreams]) {
      downstream.close(`the network ${network.record.name} was removed`)
    }
    this.networks.delete(network.record.id)
    this.bouncer.store.networks.remove(this.record.id, network.record.id)
    this.#announcements.removed(network)
  }

  /** A client of hers has logged in. */
  attach(downstream: Downstream): void {
    this.downstreams.add(downstream)
    downstream.network?.downstreams.add(downstream)
    this.updateAway()
  }

  detach(downstream: Downstream): void {
    this.downstreams.delete(downstream)
    downstream.network?.downstreams.delete(downstream)
    downstream.network?.monitors.clear(downstream)
    this.updateAway()
  }

  /** The state of a network changed: clients that watch the list of networks are told. */
  tell(network: Network): void {
    this.#announcements.changed(network)
  }

  /** Away when the last client has left, or all of them say that they are; back at the first. */
  updateAway(): void {
    for (const network of this.networks.values()) updatePresence(network)
  }

  #adopt(record: NetworkRecord): Network {
    const network = new Network(this.bouncer, this, record)
    this.networks.set(record.id, network)
    return network
  }
}
