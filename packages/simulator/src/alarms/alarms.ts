import { clusterTime } from '@quorate/contracts'
import { defineMachine, type CommandContext } from '@quorate/machine'
import { z } from 'zod'

interface AlarmsState {
  /** By number; when each is due, in cluster time. */
  waiting: Record<string, number>
  /** How often each has rung. */
  rang: Record<string, number>
}

const setting = z.object({
  alarm: z.int(),
  /** In milliseconds of cluster time. */
  inMs: z.int().min(0),
})

/** What somebody wants to know of alarms at the moment at which members apply them. */
export interface AlarmsWatch {
  onSet(alarm: number): void
  onRang(alarm: number): void
}

/**
 * A machine of which nobody asks anything for long: alarms, which ring by themselves. The watch is told on every member and
 * at every replay, and changes nothing.
 */
export function alarmsFor({ onSet, onRang }: AlarmsWatch) {
  return defineMachine({
    name: 'alarms',
    version: 1,
    initial: (): AlarmsState => ({ waiting: {}, rang: {} }),
    commands: {
      set: {
        input: setting,
        apply: (state: AlarmsState, { alarm, inMs }: z.infer<typeof setting>, context: CommandContext) => {
          state.waiting[alarm] = context.clusterTime + inMs
          onSet(alarm)
          return { dueMs: context.clusterTime + inMs }
        },
      },
    },
    queries: {
      waiting: { read: (state: AlarmsState) => Object.keys(state.waiting).length },
      rang: { read: (state: AlarmsState) => state.rang },
    },
    nextDeadline: ({ waiting }) => {
      const due = Object.values(waiting)
      return due.length === 0 ? null : clusterTime(Math.min(...due))
    },
    expire: (state, context) => {
      for (const [alarm, dueMs] of Object.entries(state.waiting)) {
        if (dueMs > context.clusterTime) continue
        delete state.waiting[alarm]
        state.rang[alarm] = (state.rang[alarm] ?? 0) + 1
        onRang(Number(alarm))
      }
    },
  })
}

/** The machine, without anybody who looks at it. */
export type Alarms = ReturnType<typeof alarmsFor>
