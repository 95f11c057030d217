import { equalBytes } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { expectEqual, expectSameState, type MachineCase, type MachineClaim, type MachineLife } from './machine-life.js'

/** What a machine computes follows from its commands, and from nothing else. */
export const determinismCases: readonly MachineClaim[] = [
  {
    claim: 'lives that are given the same commands give the same results and have the same state after each',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const [one, other] = [another(), another()]
      await expectSameState(one, other, 'two lives in their initial state')
      const initial = await one.image()
      for (const [at, command] of commands.entries()) {
        const which = describeCommand(one, command, at)
        expectEqual(one.run([command]), other.run([command]), `the results of ${which} on two lives`)
        await expectSameState(one, other, `two lives after ${which}`)
      }
      const isChanged = !equalBytes(initial, await one.image())
      expectClaim(isChanged, 'the commands that were given change nothing, so nothing can be seen by them')
    },
  },
  {
    claim: 'a command is read, and its bytes stay as they are: other members are still to be sent them',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const given = commands.map((command) => command.slice())
      another().run(given)
      expectEqual(given, commands, 'commands before and after they were applied')
    },
  },
  {
    claim: 'a query changes nothing, and is answered in the same way again',
    run: async ({ another, commands, queries }: MachineCase): Promise<void> => {
      const [asked, other] = [another(), another()]
      asked.run(commands)
      other.run(commands)
      const given = queries.map((query) => query.slice())
      const answers = asked.ask(given)
      expectEqual(given, queries, 'queries before and after they were answered')
      await expectSameState(asked, other, 'a life that was asked and one that was not')
      expectEqual(asked.ask(queries), answers, 'the answers of a life that was asked before')
      expectEqual(other.ask(queries), answers, 'the answers of two lives')
      expectEqual(asked.run(commands), other.run(commands), 'the results of a life that was asked and one that was not')
    },
  },
  {
    claim: 'D13: equal states have equal snapshots, whatever their history',
    needs: 'equalHistories',
    run: async ({ another, equalHistories }: MachineCase): Promise<void> => {
      for (const [at, [left, right]] of equalHistories.entries()) {
        const [one, other] = [another(), another()]
        one.run(left)
        other.run(right)
        await expectSameState(one, other, `two lives with the histories of pair ${at + 1}`)
      }
    },
  },
]

function describeCommand({ machine }: MachineLife, command: Uint8Array, at: number): string {
  const name = machine.nameOf?.(command)
  return name === undefined ? `command ${at + 1}` : `command ${at + 1}, "${name}"`
}
