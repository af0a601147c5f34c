/**
 * The house rules that a linter can hold. Prettier decides the layout; TypeScript's own flags (see
 * tsconfig.json) forbid what a compiler can forbid; test/tidy.test.ts holds the rest: docblocks,
 * barrels, file sizes, reasons beside every disabled rule, and the direction of imports once more.
 */
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const CLOCK = 'Time comes in as an argument: take a Clock (src/clock.ts).'
const RANDOM = 'Chance comes in as an argument: take `random: () => number`.'

const DATE_NOW = { object: 'Date', property: 'now', message: CLOCK }
const HRTIME = { object: 'process', property: 'hrtime', message: CLOCK }
const TIME_MODULES = ['node:timers', 'node:timers/promises', 'node:perf_hooks'].map((name) => ({
  name,
  message: CLOCK,
}))

/** The rooms of src/: what each may not import, as patterns of no-restricted-imports. */
const USES = ['testing', 'cli']
const LEAF_FILES = ['clock', 'loop-clock', 'system-clock', 'logger', 'version']

const rooms = [
  // Three siblings that know neither one another nor time, sockets or logging.
  room('compression', ['protocol', 'serialization', 'network', 'producer', ...USES], LEAF_FILES),
  room('serialization', ['compression', 'protocol', 'network', 'producer', ...USES], LEAF_FILES),
  room('protocol', ['compression', 'serialization', 'network', 'producer', ...USES], LEAF_FILES, [
    'net',
    'tls',
    'fs',
    'dns',
  ]),
  // Keys and certificates, checked: whose connections they are for is not known here.
  room(
    'tls',
    ['compression', 'serialization', 'protocol', 'network', 'producer', ...USES],
    LEAF_FILES,
  ),
  // Frames over sockets: knows the protocol, but no record.
  room('network', ['compression', 'serialization', 'producer', ...USES]),
  // The pipeline: knows every room below it, but no socket.
  room('producer', USES, [], ['net', 'tls', 'dns']),
]

/** One room's imports: the folders, the files at the root of src/ and Node's modules it may not use. */
function room(name, folders, files = [], modules = []) {
  const inner = `src/${name} may not import`
  return {
    files: [`src/${name}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [...TIME_MODULES, ...modules.map((module) => restricted(module, inner))],
          patterns: [
            {
              regex: `^(\\.\\./)+(${[...folders].join('|')})/`,
              message: `${inner} ${folders.join(', ')}: imports go one way (ARCHITECTURE.md).`,
            },
            {
              regex: `^(\\.\\./)+(${['index', ...files].join('|')})\\.js$`,
              message: `${inner} ${['index', ...files].join(', ')}: imports go one way (ARCHITECTURE.md).`,
            },
          ],
        },
      ],
    },
  }
}

function restricted(module, inner) {
  return { name: `node:${module}`, message: `${inner} node:${module}: see its room's docblocks.` }
}

export default defineConfig(
  globalIgnores(['build/', '.build-*/', 'dist/', '.tap/', 'bench/results/']),
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      complexity: ['error', 12],
      eqeqeq: 'error',
      'max-lines': ['error', 500],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-console': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Numbers and booleans read in a message as they are written; objects do not.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // What was caught is passed on as it is: a caught error is `unknown`.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // Off, for they found only noise here:
      // `() => socket.end()`, `return warn(…)` and `() => void list.push(x)` say what they mean.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // `error as DeliveryError`: a caught error has no other way to its class.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Messages describe what plain JavaScript gave us, whatever its type says: String(value).
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // loadPackage<Exports>(name): the caller names the type of what `require` returns.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/system-clock.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance'].map(
          (name) => ({
            name,
            message: CLOCK,
          }),
        ),
      ],
      'no-restricted-properties': [
        'error',
        DATE_NOW,
        HRTIME,
        { object: 'Math', property: 'random', message: RANDOM },
      ],
    },
  },
  ...rooms,
  {
    files: ['src/producer/environment.ts', 'src/schema-registry/environment.ts'],
    rules: {
      // systemEnvironment() is where the machine's randomness enters; nowhere else may it.
      'no-restricted-properties': ['error', DATE_NOW, HRTIME],
    },
  },
  {
    files: ['examples/testing/**/*.ts'],
    rules: {
      // The promise of node:test's `test` is not awaited: so its own documentation has it.
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: 'test' }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A scenario reads best from top to bottom, and a builder of samples is all defaults (`??`).
      complexity: 'off',
      'max-lines-per-function': ['error', { max: 100, skipBlankLines: true, skipComments: true }],
      // tap runs unawaited tests one after another and waits for the last; a test is `async` by
      // house rule whether or not it awaits, so that it never needs t.end().
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafePromises: [
            { from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' },
          ],
        },
      ],
      '@typescript-eslint/require-await': 'off',
      // t.context and what node:events' once() resolves with are `any` by their own types.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // A value that fast-check made is printed to be seen, whatever it is.
      '@typescript-eslint/no-base-to-string': 'off',
      // The codecs and clusters that tests take apart are objects of functions without `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['bench/**/*.ts'],
    // The peers' modules are objects of functions and classes without `this`.
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
  },
)
