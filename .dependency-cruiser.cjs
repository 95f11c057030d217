/**
 * Who may import whom, and nothing else (docs/decisions/0001-toolchain.md, ARCHITECTURE.md).
 *
 * Each package has one line: what it may import beside itself. Anything that the line does not name is refused, so a
 * new package starts with no rights. `tools/walls/canary.mjs` proves that every rule here can fail.
 */
const everything = [
  'client',
  'contracts',
  'gateway-http',
  'machine',
  'machine-counter',
  'machine-kv',
  'raft',
  'replica',
  'storage-file',
  'storage-memory',
  'transport-http',
  'transport-memory',
  'transport-tcp',
]

/** `host`: may name Node's own modules and other packages' `/node` entries. `src/node/` of a portable package may too. */
const houses = {
  contracts: { packages: [], npm: ['zod'] },
  raft: { packages: ['contracts'], npm: ['zod'] },
  replica: { packages: ['contracts'], npm: ['zod', '@noble/hashes'] },
  conformance: { packages: ['contracts'], npm: [] },
  linearizability: { packages: [], npm: ['zod'] },
  'transport-memory': { packages: ['contracts'], npm: ['zod'] },
  'storage-memory': { packages: ['contracts'], npm: ['zod'] },
  'storage-file': { packages: ['contracts'], npm: ['zod', '@noble/hashes', 'commander'] },
  'transport-http': { packages: ['contracts'], npm: ['zod'], host: true },
  'transport-tcp': { packages: ['contracts'], npm: ['zod'], host: true },
  machine: { packages: ['contracts'], npm: ['zod', 'msgpackr', '@standard-schema/spec'] },
  'machine-counter': { packages: ['contracts', 'machine'], npm: ['zod'] },
  'machine-kv': { packages: ['contracts', 'machine'], npm: ['zod', 'sorted-btree'] },
  client: { packages: ['contracts', 'machine'], npm: ['zod'] },
  'gateway-http': { packages: ['contracts', 'machine', 'replica'], npm: ['zod'], host: true },
  simulator: {
    packages: [
      'client',
      'conformance',
      'contracts',
      'linearizability',
      'machine',
      'replica',
      'storage-file',
      'transport-memory',
    ],
    npm: ['zod'],
  },
  quorate: { packages: everything, npm: ['zod'], host: true },
}

const any = (names) => `(${names.map((name) => name.replace(/[/.]/g, '\\$&')).join('|')})`
const npmPaths = (names) => (names.length === 0 ? [] : [`node_modules/${any(names)}/`])
const doors = (names, pattern) => (names.length === 0 ? [] : [`^packages/${any(names)}/src/${pattern}$`])

function wallsOf([name, { packages, npm, host = false }]) {
  const own = `^packages/${name}/src/`
  const hostWall = {
    name: `${name}-host`,
    severity: 'error',
    from: { path: host ? own : `${own}node/` },
    to: {
      pathNot: [own, ...doors(packages, '(node/)?index\\.ts'), ...npmPaths(npm)],
      dependencyTypesNot: ['core'],
    },
  }
  const portableWall = {
    name: `${name}-portable`,
    severity: 'error',
    from: { path: own, pathNot: `${own}node/` },
    to: { pathNot: [`${own}(?!node/)`, ...doors(packages, 'index\\.ts'), ...npmPaths(npm)] },
  }
  return host ? [hostWall] : [portableWall, hostWall]
}

/** A closed room of the Raft core: it knows itself and what is below it (rooms, and files of mere words), nothing else of the core. */
function roomOf(room, below) {
  return {
    name: `raft-room-${room}`,
    severity: 'error',
    from: { path: `^packages/raft/src/${room}/` },
    to: { path: '^packages/raft/src/', pathNot: `^packages/raft/src/${any([room, ...below])}(/|$)` },
  }
}

const raftWalls = [
  roomOf('quorum', []),
  roomOf('tracker', ['quorum', 'units.ts']),
  roomOf('membership', ['tracker', 'quorum', 'units.ts']),
  roomOf('log', ['units.ts', 'entry.ts']),
  {
    name: 'raft-words-know-no-conversation',
    severity: 'error',
    from: { path: '^packages/raft/src/(units|entry)\\.ts$' },
    to: { path: '^packages/raft/src/', pathNot: '^packages/raft/src/(units|entry)\\.ts$' },
  },
  {
    name: 'raft-conversations-keep-apart',
    comment:
      'They meet in the state and in raft.ts. Only reads, which ride on the rounds of replication, are known to others.',
    severity: 'error',
    from: { path: '^packages/raft/src/(election|replication|following|reads|snapshots|transfer)\\.ts$' },
    to: {
      path: '^packages/raft/src/(election|replication|following|snapshots|transfer|raft|raft-module|recover)\\.ts$',
    },
  },
  {
    name: 'raft-checks-options-only-in-config',
    severity: 'error',
    from: { path: '^packages/raft/src/', pathNot: '^packages/raft/src/config\\.ts$' },
    to: { path: 'node_modules/zod/' },
  },
]

const generalWalls = [
  {
    name: 'enter-by-the-front-door',
    comment: 'Apps and tests too: another package is what its `exports` say, not its files.',
    severity: 'error',
    from: { path: '^(?:packages|apps)/([^/]+)/' },
    to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/(node/)?index\\.ts$'] },
  },
  {
    name: 'name-your-neighbours',
    comment: 'By its package name, not by a path into its folder.',
    severity: 'error',
    from: { path: '^(?:packages|apps)/([^/]+)/' },
    to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
  },
  {
    name: 'nobody-imports-an-app',
    severity: 'error',
    from: { pathNot: '^apps/' },
    to: { path: '^apps/' },
  },
  {
    name: 'apps-do-not-import-apps',
    severity: 'error',
    from: { path: '^apps/([^/]+)/' },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'sources-do-not-import-tests',
    severity: 'error',
    from: { path: '^(packages|apps)/[^/]+/src/' },
    to: { path: '^(packages|apps)/[^/]+/test/' },
  },
  {
    name: 'no-cycles',
    comment: 'Between files that run; types may point at each other.',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'declare-what-you-import',
    comment: 'What is bundled into a package is one of its development dependencies.',
    severity: 'error',
    from: { path: '^(packages|apps)/[^/]+/src/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '/node_modules/msgpackr/' },
  },
  {
    name: 'not-to-unresolvable',
    comment: 'What cannot be resolved was not checked either.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
]

module.exports = {
  forbidden: [...Object.entries(houses).flatMap(wallsOf), ...raftWalls, ...generalWalls],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The types of Node.js are named by declarations that need them, and are no code.
    exclude: { path: '(^|/)(dist|fixtures)/|/@types/node/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@quorate/source', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
