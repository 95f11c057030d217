import { z } from 'zod'
import type { Operation } from './history.js'
import type { RegisterInput } from './models/register.js'
import { registers, withModel, type ReadHistory } from './reading.js'

const stamp = z.number()
const process = z.union([z.number(), z.string()])

const times = { p: process, s: stamp, e: stamp.nullable() }
const operationSchema = z.discriminatedUnion('f', [
  z.object({ f: z.literal('read'), r: z.unknown().optional(), ...times }),
  z.object({ f: z.literal('write'), a: z.unknown(), r: z.boolean().nullish(), ...times }),
  z.object({ f: z.literal('cas'), a: z.tuple([z.unknown(), z.unknown()]), r: z.boolean().nullable(), ...times }),
])

/** A whole history of one register in a line, as conformance vectors have them. */
export const registerHistorySchema = z.object({
  id: z.string(),
  model: z.enum(['cas-register', 'register']),
  init: z.unknown().optional(),
  linearizable: z.boolean().optional(),
  ops: z.array(operationSchema),
})

/** Reads such a history. */
export function readRegisterHistory(json: z.output<typeof registerHistorySchema>, line: number): ReadHistory {
  const { id, model, init, linearizable = null, ops } = json
  return withModel({ id, line, model, isLinearizable: linearizable }, ops.map(operationOf), registers.create(init))
}

type RegisterOperation = Operation<RegisterInput<unknown>, unknown>

function operationOf(op: z.output<typeof operationSchema>): RegisterOperation {
  const called = { process: op.p, input: inputOf(op), invokedAt: op.s }
  // A comparison or write without a result is one of unknown outcome, also if its client gave up at some time.
  const isUnknown = op.e === null || (op.f !== 'read' && op.r == null)
  return isUnknown
    ? { ...called, outcome: { kind: 'unknown' }, returnedAt: null }
    : { ...called, outcome: { kind: 'done', output: op.r }, returnedAt: op.e }
}

function inputOf(op: z.output<typeof operationSchema>): RegisterInput<unknown> {
  switch (op.f) {
    case 'read':
      return { kind: 'read' }
    case 'write':
      return { kind: 'write', value: op.a }
    case 'cas':
      return { kind: 'cas', from: op.a[0], to: op.a[1] }
  }
}
