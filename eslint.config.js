// What the linter holds us to: the strictest type-checked sets, and the house rules that no type can say.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What plain JavaScript here may use without importing it. */
const nodeGlobals = Object.fromEntries(
  [
    'process',
    'console',
    'URL',
    'performance',
    'setTimeout',
    'clearTimeout',
    'AbortController',
    'module',
    'require',
  ].map((name) => [name, 'readonly']),
);

/** What is handed to everyone else, so that tests can own it. */
const onlyInOnePlace = [
  { object: 'process', property: 'env', message: 'Take it as an argument: src/cli/main.ts reads the environment.' },
  { object: 'process', property: 'exit', message: 'Return or throw: src/cli/main.ts ends the process.' },
  { object: 'Date', property: 'now', message: 'Take a Clock: src/base/clock.ts reads the time.' },
];

/** The build leaves out what is not used of a namespace, but not of an object. */
const ZOD_AS_A_NAMESPACE = {
  selector: "ImportDeclaration[source.value='zod'] > ImportSpecifier",
  message: "Write: import * as z from 'zod'.",
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.test-cache/'] },
  js.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'examples/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true }],
      eqeqeq: 'error',
      'no-restricted-properties': ['error', ...onlyInOnePlace],
      'no-restricted-syntax': ['error', ZOD_AS_A_NAMESPACE],
      // Control characters are what half of this project's parsers are about.
      'no-control-regex': 'off',
    },
  },
  {
    files: ['src/cli/main.ts', 'src/base/clock.ts', 'test/**', 'examples/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: nodeGlobals },
  },
);
