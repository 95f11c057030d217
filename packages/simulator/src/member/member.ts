import { QuorateError, type MachineModule, type StateMachine } from '@quorate/contracts'
import type { Replica } from '@quorate/replica'
import type { Code } from '../plan/fault.js'
import type { Clock } from './clock.js'
import type { MemberDisk } from './member-disk.js'
import type { Process } from './process.js'
import { UnreleasedRecords } from './unreleased-records.js'

/** One life of a member, from its start on. */
export interface Life<Machine extends MachineModule> {
  readonly process: Process
  /** The code of the machine that it runs. */
  readonly machine: Machine
  /** Null until it has started. */
  replica: Replica<Machine> | null
}

/** One machine of the cluster and what runs on it: a clock and a disk that stay, and lives that come and go. */
export class Member<Machine extends MachineModule> {
  readonly id: string
  readonly clock: Clock
  readonly disk: MemberDisk
  readonly records = new UnreleasedRecords()
  /** Where its files are: a cluster that takes the place of another one has directories of its own. */
  directory = '/data'
  /** How often it was started. */
  lives = 0
  life: Life<Machine> | null = null
  /** The machine of its last life, to look at from outside when states differ. */
  machine: StateMachine | null = null
  /** The code that its next life runs, and whether it ever ran the later one. */
  code: Code = 'first'
  hasRunLater = false
  /** Why it will never run again; null while it may. */
  lostBecause: string | null = null
  /** Its disk was replaced by an empty one, or by an older copy: what runs there has a member's name and is none (D16). */
  isStranger = false

  constructor(id: string, clock: Clock, disk: MemberDisk) {
    this.id = id
    this.clock = clock
    this.disk = disk
  }

  /** True if it can be asked: started, and neither paused nor dead. */
  get isUp(): boolean {
    return this.life !== null && this.life.replica !== null && !this.life.process.isPaused
  }

  /** The process ends, or the whole machine loses its power. Nothing happens while it does not run. */
  end(how: 'kill' | 'powerCut'): void {
    const { life } = this
    this.life = null
    if (how === 'kill') this.disk.files.kill()
    else this.disk.files.powerCut()
    life?.process.die()
  }

  /**
   * Asks this member from outside: the question reaches it when it runs, and the answer comes unless it dies before. A
   * member that is down refuses, as a port that nobody listens on.
   */
  ask<Answer>(question: (replica: Replica<Machine>) => Promise<Answer>): Promise<Answer> {
    const { life } = this
    const replica = life?.replica
    if (!life || !replica) {
      return Promise.reject(new QuorateError('CONNECTION_LOST', `${this.id} does not run`, { outcome: 'notDone' }))
    }
    return new Promise((resolve, reject) => {
      const forget = life.process.onDeath(() => reject(new QuorateError('CONNECTION_LOST', `${this.id} has died`)))
      life.process.enter(() => void question(replica).finally(forget).then(resolve, reject))
    })
  }
}

/** Where a member's peers find it. */
export function addressOf(id: string): string {
  return `${id}:1`
}

/** Where its clients find it. */
export function clientAddressOf(id: string): string {
  return `${id}:80`
}
