import { describeError, QuorateError } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { expectSameState, type MachineCase, type MachineClaim } from './machine-life.js'

/** What a call throws; null if it returns. */
function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return null
}

function expectInvalid(call: () => unknown, what: string): void {
  const thrown = thrownBy(call)
  const isInvalid = thrown instanceof QuorateError && thrown.code === 'INVALID_COMMAND'
  expectClaim(
    isInvalid,
    `${what} is refused by INVALID_COMMAND, not by ${thrown === null ? 'nothing' : describeError(thrown)}`,
  )
}

/** What is none of the machine's commands and queries. */
export const refusalCases: readonly MachineClaim[] = [
  {
    claim: 'bytes that are no query are refused by INVALID_COMMAND, and change nothing',
    run: async ({ another, commands, queries, badQueries }: MachineCase): Promise<void> => {
      const [asked, other] = [another(), another()]
      asked.run(commands)
      other.run(commands)
      for (const [at, query] of badQueries.entries()) expectInvalid(() => asked.ask([query]), `bad query ${at + 1}`)
      await expectSameState(asked, other, 'a life that has refused queries and one that has not')
      asked.ask(queries)
    },
  },
  {
    claim: 'D26: bytes that are no command are refused by INVALID_COMMAND, and change nothing',
    run: async ({ another, commands, badCommands }: MachineCase): Promise<void> => {
      for (const [at, command] of badCommands.entries()) {
        const [asked, other] = [another(), another()]
        asked.run(commands)
        other.run(commands)
        expectInvalid(() => asked.run([command]), `bad command ${at + 1}`)
        await expectSameState(asked, other, 'a life that has refused commands and one that has not')
      }
    },
  },
  {
    claim: 'D28: an input that does not fit is refused by INVALID_COMMAND where it is encoded',
    needs: 'badInputs',
    run: async ({ badInputs }: MachineCase): Promise<void> => {
      for (const [at, encode] of badInputs.entries()) expectInvalid(encode, `bad input ${at + 1}`)
    },
  },
]
