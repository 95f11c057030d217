import type { MachineModule, StateMachine } from '@quorate/contracts'

/** What is told of a machine: each command it applies, the place it has, and what came of it. */
export type OnApply = (position: number, command: Uint8Array, result: Uint8Array) => void

/** The same machine, with somebody who looks at what it applies. */
export function watchedMachine<Machine extends MachineModule>(module: Machine, onApply: OnApply): Machine {
  return { ...module, create: () => watchedLife(module.create(), onApply) }
}

function watchedLife(machine: StateMachine, onApply: OnApply): StateMachine {
  const apply = machine.apply.bind(machine)
  machine.apply = (command, context) => {
    const result = apply(command, context)
    onApply(context.position, command, result)
    return result
  }
  return machine
}
