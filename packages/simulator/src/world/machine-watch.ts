import type { MachineModule, StateMachine } from '@quorate/contracts'

/** Who looks at the machines of one member. */
export interface MachineWatch {
  /** A new life of the machine begins. */
  onLife(machine: StateMachine): void
  /** It has applied a command: the place it has, and what came of it. `name` is what the machine calls it, if it says so. */
  onApply(position: number, command: Uint8Array, result: Uint8Array, name: string | null): void
}

/** The same machine, with somebody who looks at what it applies. */
export function watchedMachine<Machine extends MachineModule>(module: Machine, watch: MachineWatch): Machine {
  return { ...module, create: () => watchedLife(module.create(), watch) }
}

function watchedLife(machine: StateMachine, watch: MachineWatch): StateMachine {
  const apply = machine.apply.bind(machine)
  machine.apply = (command, context) => {
    const result = apply(command, context)
    watch.onApply(context.position, command, result, machine.nameOf?.(command) ?? null)
    return result
  }
  watch.onLife(machine)
  return machine
}
