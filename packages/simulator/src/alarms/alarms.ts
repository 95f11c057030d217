import { clusterTime, type StateMachine } from '@quorate/contracts'
import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

/** The state of the machine. */
export interface AlarmsState {
  /** By number; when each is due, in cluster time. */
  waiting: Record<string, number>
  /** How often each has rung. */
  rang: Record<string, number>
}

/** A machine of which nobody asks anything for long: alarms, which ring by themselves. */
export const alarms = defineMachine({
  name: 'alarms',
  version: 1,
  initial: (): AlarmsState => ({ waiting: {}, rang: {} }),
  commands: {
    set: {
      /** `inMs`: in milliseconds of cluster time. */
      input: z.object({ alarm: z.int(), inMs: z.int().min(0) }),
      apply: (state, { alarm, inMs }, context) => {
        const dueMs = context.clusterTime + inMs
        state.waiting[alarm] = dueMs
        return { dueMs }
      },
    },
  },
  queries: { all: { read: (state) => state } },
  nextDeadline: ({ waiting }) => {
    const due = Object.values(waiting)
    return due.length === 0 ? null : clusterTime(Math.min(...due))
  },
  expire: (state, context) => {
    for (const [alarm, dueMs] of Object.entries(state.waiting)) {
      if (dueMs > context.clusterTime) continue
      delete state.waiting[alarm]
      state.rang[alarm] = (state.rang[alarm] ?? 0) + 1
    }
  },
})

/** Who hears of alarms when they are applied, on each member and at each replay. */
export interface AlarmsWatch {
  onSet(alarm: number): void
  onRang(alarm: number): void
}

/** The same machine, with somebody who looks at it. */
export function watchedAlarms(watch: AlarmsWatch): typeof alarms {
  return { ...alarms, create: () => watchedLife(alarms.create(), watch) }
}

function watchedLife(machine: StateMachine, watch: AlarmsWatch): StateMachine {
  const all = alarms.queries.all
  const read = (): AlarmsState => all.decodeResult(machine.query(all.encode()))
  const apply = machine.apply.bind(machine)
  const expire = machine.expire.bind(machine)
  machine.apply = (command, context) => {
    const result = apply(command, context)
    for (const alarm of Object.keys(read().waiting)) watch.onSet(Number(alarm))
    return result
  }
  machine.expire = (context) => {
    if (machine.nextDeadline() === null) return
    expire(context)
    for (const alarm of Object.keys(read().rang)) watch.onRang(Number(alarm))
  }
  return machine
}
