import tseslint from 'typescript-eslint'

/** Packages without a host: no clock, dice, timers or input/output but the ports they are given. */
const portable = [
  'contracts',
  'raft',
  'replica',
  'transport-memory',
  'storage-memory',
  'storage-file',
  'machine',
  'machine-kv',
  'machine-counter',
  'client',
  'conformance',
  'linearizability',
  'simulator',
].map((name) => `packages/${name}/src/**/*.ts`)

/** Their entries for Node.js, where the ports are given by the real thing. */
const hostEntries = ['packages/*/src/node/**/*.ts']

/** Protocols: besides that, a step runs to completion. */
const protocols = ['packages/raft/src/**/*.ts']

const tests = ['packages/*/test/**/*.ts', 'apps/*/test/**/*.ts', 'tools/**/*.test.ts']

const plainNames = [
  {
    selector:
      ':matches(ClassDeclaration, TSInterfaceDeclaration, TSTypeAliasDeclaration)[id.name=/(Manager|Impl|Helper|Util|Utils|Service)$/]',
    message: 'Name it after what it is in this field (docs/style.md).',
  },
  { selector: 'TSInterfaceDeclaration[id.name=/^I[A-Z][a-z]/]', message: 'No I… prefix: name the thing itself.' },
  { selector: 'TSEnumDeclaration', message: 'A union of string literals, not an enum.' },
]

const oneOrder = [
  {
    selector: 'CallExpression[callee.property.name=/^(sort|toSorted)$/][arguments.length=0]',
    message: 'Sort with a comparator: bare sort() puts 10 before 9. Ids are sorted by compareIds.',
  },
  {
    selector: 'MemberExpression[property.name=/^(localeCompare|toLocale[A-Z].*)$/]',
    message: 'The order and text of locales differ between machines. Compare by code unit (compareIds).',
  },
  {
    selector: 'ImportExpression',
    message: 'Import statically, so that the import walls can see it.',
  },
]

const runsToCompletion = [
  { selector: ':function[async=true]', message: 'A step runs to completion: no async in a protocol.' },
  { selector: 'AwaitExpression', message: 'A step runs to completion: no await in a protocol.' },
  { selector: 'ForOfStatement[await=true]', message: 'A step runs to completion: no await in a protocol.' },
  { selector: 'Identifier[name="Promise"]', message: 'A step runs to completion: no promises in a protocol.' },
]

const forbidden = (message, names) => names.map((name) => ({ name, message }))

const hostGlobals = [
  ...forbidden('No clock here: use the ticks or the Environment that was given.', ['Date', 'performance', 'Intl']),
  ...forbidden('No timers here: use the ticks or the Environment that was given.', [
    'setTimeout',
    'setInterval',
    'setImmediate',
    'clearTimeout',
    'clearInterval',
    'clearImmediate',
    'queueMicrotask',
  ]),
  ...forbidden('No host here: use the Environment or FileLayer that was given.', [
    'process',
    'crypto',
    'console',
    'fetch',
    'Buffer',
    'require',
    'globalThis',
  ]),
  ...forbidden('What the garbage collector does is not the same twice.', ['WeakRef', 'FinalizationRegistry']),
]

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/fixtures/**', '**/coverage/**', '.turbo/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      // One program over all sources and tests, with packages resolved to their sources: quick, and needs no build.
      parserOptions: { project: ['./tsconfig.lint.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-restricted-syntax': ['error', ...plainNames],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: portable,
    ignores: hostEntries,
    rules: {
      'no-restricted-globals': ['error', { globals: hostGlobals, checkGlobalObject: true }],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'No dice here: use the Random or Environment that was given.' },
      ],
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^node:', message: 'No host here: that belongs in src/node/.' }] },
      ],
      'no-restricted-syntax': ['error', ...plainNames, ...oneOrder],
    },
  },
  {
    files: protocols,
    rules: { 'no-restricted-syntax': ['error', ...plainNames, ...oneOrder, ...runsToCompletion] },
  },
  {
    files: tests,
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70 }],
      'no-unused-vars': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
)
