// Collects evidence for failed tests, such as logs and states of what they started, and prints it with the failure.
import { config } from 'chai';

/** The message shows the whole value: a failure by chance cannot be repeated to see it. */
config.truncateThreshold = 0;

/** Something that a test started and that has logs or states. */
export interface Source {
  /** Returns parts, each with a heading: of a long one the middle is not shown. */
  read(): Promise<readonly string[]>;
  /** Called when a test begins: what was logged before is no evidence of its failure. */
  begin?(): void;
}

export interface Evidence {
  /** Called before the source ends: keeps its evidence until the end of the test. */
  close(): Promise<void>;
}

const living = new Set<Source>();
/** Of what was ended within the test: a failed test has ended all before its failure is known. */
const left: string[] = [];

/** Registers a source, which is read if a test or its set-up fails while the source is open. */
export function offerEvidence(source: Source): Evidence {
  living.add(source);
  return {
    async close() {
      if (living.delete(source)) left.push(...(await partsOf(source)));
    },
  };
}

async function partsOf(source: Source): Promise<readonly string[]> {
  try {
    return await source.read();
  } catch (error) {
    return [`no evidence: ${String(error)}`];
  }
}

async function attachEvidence(error: Error): Promise<void> {
  const ended = left.splice(0);
  const parts = await Promise.all([...living].map(partsOf));
  Reflect.set(error, 'evidence', [...ended, ...parts.flat()]);
}

/** Mocha's hooks and suites, as far as its types do not have them. */
interface Hook {
  fn: (this: Mocha.Context) => unknown;
}
interface Suite {
  readonly suites: readonly Suite[];
  readonly _beforeAll: readonly Hook[];
  readonly _beforeEach: readonly Hook[];
  readonly _afterAll: readonly Hook[];
}

/** After the failure of a set-up Mocha ends what it started, and calls none of the hooks below. */
function collectWhenSetUpFails({ suites, _beforeAll, _beforeEach, _afterAll }: Suite): void {
  let failure: Error | undefined;
  for (const hook of [..._beforeAll, ..._beforeEach]) {
    const setUp = hook.fn;
    hook.fn = async function (): Promise<void> {
      // Of the suite before.
      if (_beforeAll.includes(hook)) left.length = 0;
      try {
        await setUp.call(this);
      } catch (error) {
        if (error instanceof Error) await attachEvidence(error);
        if (error instanceof Error && _beforeAll.includes(hook)) failure = error;
        throw error;
      }
    };
  }
  for (const hook of _afterAll) {
    const cleanUp = hook.fn;
    hook.fn = async function (): Promise<void> {
      try {
        await cleanUp.call(this);
      } catch (error) {
        if (failure === undefined) throw error;
        // It misses what was not set up, which is one failure.
        const evidence = Reflect.get(failure, 'evidence') as string[];
        evidence.push(`The after hook failed too: ${error instanceof Error ? error.stack : String(error)}`);
      }
    };
  }
  suites.forEach(collectWhenSetUpFails);
}

export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    const root = this.test?.parent;
    if (root !== undefined) (root.suites as unknown as readonly Suite[]).forEach(collectWhenSetUpFails);
  },
  beforeEach(): void {
    left.length = 0;
    for (const source of living) source.begin?.();
  },
  async afterEach(this: Mocha.Context): Promise<void> {
    const { currentTest } = this;
    if (currentTest?.state === 'failed' && currentTest.err !== undefined) await attachEvidence(currentTest.err);
    left.length = 0;
  },
};
