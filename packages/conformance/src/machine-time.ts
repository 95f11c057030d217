import { expectClaim } from './contract.js'
import { expectSameState, type MachineCase, type MachineClaim } from './machine-life.js'

/** How often a machine is told the time before it has to have dropped all that expires. */
const toldMax = 10_000

/** What a machine promises about time passing. */
export const timeCases: readonly MachineClaim[] = [
  {
    claim: 'D12: told the time of its deadline, it drops what is due, the same in every life',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const [left, right] = [another(), another()]
      left.run(commands)
      right.run(commands)
      for (let told = 0; told < toldMax; told += 1) {
        const due = left.machine.nextDeadline()
        if (due === null) return
        left.tell(due)
        right.tell(due)
        const next = left.machine.nextDeadline()
        expectClaim(next === null || next > due, `told that it is ${due}, its next deadline is still ${next ?? 'none'}`)
        await expectSameState(left, right, `after both lives were told that it is ${due}`)
      }
      expectClaim(false, `it still has a deadline after it was told the time ${toldMax} times`)
    },
  },
]
