import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type QuorateError } from 'quorate'
import { freeAddress } from '../faulty-network/cluster.js'
import type { Load } from './load.js'
import { notes } from './notes.js'
import { certificatesIn, type TransportName } from './transports.js'
import type { VictimsConfig, VictimsMessage } from './victims.js'

/** What an attacker has sent and was answered. */
export interface Attack {
  /** Requests, frames, connections or commands: what the attack consists of. */
  readonly sent: number
  readonly sentBytes: number
  readonly answeredBytes: number
}

/** What an attack has cost those whom it was aimed at. */
export interface Cost extends Attack, Load {
  readonly name: string
  /** Resident memory at most, above what it was before. */
  readonly grownBytes: number
  readonly elections: number
  /** Writes of an honest client meanwhile: acknowledged, refused as certainly not done, and the longest of them. */
  readonly writes: number
  readonly refused: number
  readonly longestWriteMs: number
}

/** What is needed to start members. */
export interface Setting {
  /** The bundle of `victims.ts`. */
  readonly program: string
  /** Where their configuration may stand. */
  readonly directory: string
  /** Where the certificates of all members are. */
  readonly certificates: string
}

/** Members under attack: `a` and `b` in a process of their own. The third, `c`, is the attacker's if anybody's. */
export class Target {
  readonly members: VictimsConfig['members']
  readonly transport: TransportName
  readonly setting: Setting
  readonly unitCpuMs: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, setting: Setting, config: VictimsConfig, unitCpuMs: number) {
    this.#child = child
    this.setting = setting
    this.members = config.members
    this.transport = config.transport
    this.unitCpuMs = unitCpuMs
  }

  static async start(setting: Setting, transport: TransportName): Promise<Target> {
    const { program, directory, certificates } = setting
    const config: VictimsConfig = {
      transport,
      members: {
        a: { address: await freeAddress(), clientAddress: await freeAddress() },
        b: { address: await freeAddress(), clientAddress: await freeAddress() },
        c: { address: await freeAddress() },
      },
      own: { a: certificatesIn(certificates, 'a'), b: certificatesIn(certificates, 'b') },
    }
    const file = join(directory, `${config.members['a']?.address ?? ''}.json`)
    await writeFile(file, JSON.stringify(config), { mode: 0o600 })
    const child = fork(program, [file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const first = await messageOf(child)
    if (first.kind !== 'serving') throw new Error('the members did not start')
    return new Target(child, setting, config, first.unitCpuMs)
  }

  /** Where clients reach the members. */
  get gateways(): string[] {
    return Object.values(this.members).flatMap(({ clientAddress }) => clientAddress ?? [])
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }

  /** Runs an attack, and an honest client beside it. */
  async suffer(name: string, attack: (target: Target) => Promise<Attack>): Promise<Cost> {
    const before = await this.#load()
    const honest = new HonestClient(this.gateways)
    const done = await attack(this)
    const { writes, refused, longestWriteMs } = await honest.stop()
    const after = await this.#load()
    return {
      ...{ name, ...done, ...after },
      grownBytes: after.residentBytesMax - before.residentBytesMax,
      lines: after.lines - before.lines,
      elections: after.epoch - before.epoch,
      ...{ writes, refused, longestWriteMs },
    }
  }

  async #load(): Promise<Load> {
    const answer = messageOf(this.#child)
    this.#child.send('load')
    const message = await answer
    if (message.kind !== 'load') throw new Error('the members have started again')
    return message.load
  }
}

/** Writes one note after the other until it is stopped. Whatever is unknown or lost ends the run. */
class HonestClient {
  readonly #written: Promise<{ writes: number; refused: number; longestWriteMs: number }>
  #stopped = false

  constructor(addresses: readonly string[]) {
    this.#written = this.#write(addresses)
    this.#written.catch(() => {})
  }

  stop(): Promise<{ writes: number; refused: number; longestWriteMs: number }> {
    this.#stopped = true
    return this.#written
  }

  async #write(addresses: readonly string[]) {
    const client = createClient({ machine: notes, addresses: [...addresses], timeoutMs: 30_000 })
    let [writes, refused, longestWriteMs] = [0, 0, 0]
    let last = 0
    do {
      const begun = performance.now()
      try {
        const count = await client.commands.write({ text: `note ${writes}` })
        if (count <= last) throw new Error(`note ${count} came after note ${last}`)
        ;[last, writes] = [count, writes + 1]
      } catch (error) {
        if ((error as QuorateError).outcome !== 'notDone') throw error
        refused += 1
      }
      longestWriteMs = Math.max(longestWriteMs, performance.now() - begun)
    } while (!this.#stopped)
    await client.close()
    return { writes, refused, longestWriteMs }
  }
}

async function messageOf(child: ChildProcess): Promise<VictimsMessage> {
  const waits = new AbortController()
  const { signal } = waits
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the process of the members has ended with code ${String(code)}`)
      }),
    ])) as [VictimsMessage]
    return message
  } finally {
    waits.abort()
  }
}
