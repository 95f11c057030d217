import type { FileOperation } from '@quorate/conformance'
import type { Dice } from './dice.js'
import type { Fault, Target } from './fault.js'
import type { Theme } from './plan.js'
import { themes } from './themes.js'

/** How one kind of fault is drawn, for a cluster of some size: alone, or with others that it only makes sense with. */
type Draw = (dice: Dice, members: number, atMs: number) => Fault | readonly Fault[]

const who = (dice: Dice, members: number): Target => (dice.percent(40) ? 'leader' : dice.random.nextInt(members))
const how = (dice: Dice): 'kill' | 'powerCut' => dice.pick(['kill', 'powerCut'])

const syncing: readonly [FileOperation, ...FileOperation[]] = [
  'datasync',
  'write',
  'rename',
  'syncDirectory',
  'truncate',
  'unlink',
  'open',
]

/** Every kind, under the name by which it is drawn or left out. */
const kinds: Readonly<Record<string, Draw>> = {
  crash: (dice, members, atMs) => ({
    kind: 'crash',
    atMs,
    who: who(dice, members),
    how: how(dice),
    forMs: dice.pick([dice.between(0, 30), dice.between(50, 500), dice.between(500, 3_000)]),
  }),
  crashLeader: (dice, _, atMs) => ({
    kind: 'crash',
    atMs,
    who: 'leader',
    how: how(dice),
    forMs: dice.between(50, 900),
  }),
  mortalLeaders: (dice, _, atMs) => ({
    kind: 'mortalLeaders',
    atMs,
    livesMs: dice.pick([15, 60, 200]),
    downMs: dice.pick([50, 200, 600]),
    forMs: dice.between(500, 4_000),
  }),
  hermitLeaders: (dice, members, atMs) => ({
    kind: 'hermitLeaders',
    atMs,
    reachMax: Math.floor(members / 2),
    livesMs: dice.pick([40, 80, 160]),
    downMs: dice.pick([100, 250, 500]),
    forMs: dice.between(2_000, 4_000),
  }),
  returningLeader: (dice, members, atMs) => {
    const awayMs = dice.between(150, 500)
    const latencyMs = dice.between(2 * awayMs, 3 * awayMs)
    const confidant = dice.between(1, Math.max(1, members - 1))
    return { kind: 'returningLeader', atMs, who: 'leader', confidant, latencyMs, awayMs }
  },
  // One less than a majority has what each of them is given: it may win without them, and lose without it.
  secludedLeaders: (dice, members, atMs) => ({
    kind: 'secludedLeaders',
    atMs,
    reach: Math.max(0, Math.ceil(members / 2) - 2),
    forLeaderMs: dice.pick([80, 160, 320, 640]),
    forMs: dice.between(1_000, 4_000),
  }),
  crashAll: (dice, _, atMs) => ({ kind: 'crashAll', atMs, how: how(dice), forMs: dice.between(0, 500) }),
  crashAtWrite: (dice, members, atMs) => ({
    kind: 'trap',
    atMs,
    who: who(dice, members),
    operation: dice.pick(syncing),
    passes: dice.pick([0, dice.random.nextInt(5), dice.random.nextInt(30)]),
    does: how(dice),
    forMs: dice.between(0, 1_000),
  }),
  partition: (dice, members, atMs) => ({
    kind: 'partition',
    atMs,
    side: dice.random.nextInt(2 ** members),
    forMs: dice.between(100, 2_500),
  }),
  isolate: (dice, members, atMs) => ({
    kind: 'isolate',
    atMs,
    who: who(dice, members),
    way: dice.pick(['in', 'out', 'both', 'both']),
    forMs: dice.between(100, 2_500),
  }),
  isolateLeader: (dice, _, atMs) => ({
    kind: 'isolate',
    atMs,
    who: 'leader',
    way: dice.pick(['in', 'out', 'both', 'both']),
    forMs: dice.between(100, 1_500),
  }),
  slowLink: (dice, members, atMs) => ({
    kind: 'slowLink',
    atMs,
    from: dice.random.nextInt(members),
    to: dice.random.nextInt(members),
    latencyMs: dice.between(50, 600),
    forMs: dice.between(200, 3_000),
  }),
  slowMember: (dice, members, atMs) => ({
    kind: 'slowMember',
    atMs,
    who: who(dice, members),
    way: dice.pick(['in', 'out', 'both']),
    latencyMs: dice.between(50, 600),
    forMs: dice.between(200, 2_000),
  }),
  // Others elect another leader meanwhile, and what it said as a leader comes after what that one says.
  slowLeader: (dice, _, atMs) => ({
    kind: 'slowMember',
    atMs,
    who: 'leader',
    way: 'out',
    latencyMs: dice.between(200, 900),
    forMs: dice.between(100, 900),
  }),
  // It is deposed and goes on hearing what was said while it led.
  deafLeader: (dice, _, atMs) => {
    const latencyMs = dice.between(300, 900)
    const untilCutMs = dice.between(50, latencyMs)
    return [
      { kind: 'slowMember', atMs, who: 'leader', way: 'in', latencyMs, forMs: 2 * latencyMs },
      { kind: 'isolate', atMs: atMs + untilCutMs, who: 'leader', way: 'out', forMs: latencyMs },
    ]
  },
  pause: (dice, members, atMs) => ({
    kind: 'pause',
    atMs,
    who: who(dice, members),
    forMs: dice.pick([dice.between(20, 200), dice.between(200, 3_000)]),
  }),
  pauseLeader: (dice, _, atMs) => ({ kind: 'pause', atMs, who: 'leader', forMs: dice.between(100, 1_500) }),
  drift: (dice, members, atMs) => ({
    kind: 'drift',
    atMs,
    who: who(dice, members),
    rate: dice.between(50, 200) / 100,
    forMs: dice.between(500, 4_000),
  }),
  wallJump: (dice, members, atMs) => ({
    kind: 'wallJump',
    atMs,
    who: who(dice, members),
    byMs: dice.pick([-86_400_000, -5_000, 5_000, 86_400_000]),
  }),
  stallSync: (dice, members, atMs) => ({
    kind: 'stallSync',
    atMs,
    who: who(dice, members),
    forMs: dice.pick([dice.between(50, 400), dice.between(400, 3_000)]),
  }),
  diskFull: (dice, members, atMs) => ({
    kind: 'diskFull',
    atMs,
    who: who(dice, members),
    freeBytes: dice.pick([0, 4_096, 65_536]),
    forMs: dice.between(200, 3_000),
  }),
  ioError: (dice, members, atMs) => ({
    kind: 'trap',
    atMs,
    who: who(dice, members),
    operation: dice.pick([...syncing, 'read', 'list']),
    passes: dice.random.nextInt(20),
    does: dice.pick(['EIO', 'EIO', 'ENOSPC']),
    forMs: 0,
  }),
  rot: (dice, members, atMs) => ({
    kind: 'rot',
    atMs,
    who: who(dice, members),
    file: dice.pick(['journal', 'snapshot']),
    bit: dice.random.nextInt(2 ** 20),
  }),
  newDisk: (dice, members, atMs) => ({
    kind: 'newDisk',
    atMs,
    who: who(dice, members),
    forMs: dice.between(0, 1_000),
  }),
  transfer: (dice, members, atMs) => ({
    kind: 'transfer',
    atMs,
    to: dice.percent(30) ? null : dice.random.nextInt(members),
  }),
}

/** Draws some kinds, how often each comes, and when. */
export function drawFaults(dice: Dice, theme: Theme | null, members: number, safetyMs: number): readonly Fault[] {
  const drawn =
    theme === null ? drawMixture(dice) : themes[theme].kinds.map((kind) => ({ kind, everyMs: themes[theme].everyMs }))
  const faults = drawn.flatMap(({ kind, everyMs }) => {
    const draw = kinds[kind]
    if (!draw) throw new TypeError(`no fault is called ${kind}`)
    const each: Fault[] = []
    for (let atMs = dice.random.nextInt(everyMs); atMs < safetyMs; atMs += 1 + dice.random.nextInt(2 * everyMs)) {
      each.push(...[draw(dice, members, atMs)].flat())
    }
    return each
  })
  return faults.sort((left, right) => left.atMs - right.atMs)
}

function drawMixture(dice: Dice): { readonly kind: string; readonly everyMs: number }[] {
  const chance = dice.pick([15, 35, 60])
  return Object.keys(kinds).flatMap((kind) => {
    return dice.percent(chance) ? [{ kind, everyMs: dice.pick([300, 800, 2_000, 5_000]) }] : []
  })
}
