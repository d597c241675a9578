// `npm run demo` changes the system only with consent, and names in advance what it would install.
import { expect } from 'chai';
import { createInstaller, type System } from '../../examples/demo/installer.ts';

interface Case {
  readonly isAsked?: boolean;
  readonly isCi?: boolean;
  /** The answer of the user at the terminal; undefined without a terminal. */
  readonly answer?: string;
  readonly obstacle?: string;
}

async function installing({ isAsked = false, isCi = false, answer, obstacle }: Case): Promise<{
  readonly installed: boolean;
  readonly asked: number;
  readonly missing: readonly (string | undefined)[];
}> {
  let installed = false;
  let asked = 0;
  const system: System = {
    missingPackages: () => Promise.resolve(installed ? [] : ['slurmctld', 'munge']),
    isHostNameKnown: () => Promise.resolve(true),
    whyNotInstallable: () => obstacle,
    install: () => {
      installed = true;
      return Promise.resolve({ missing: [] });
    },
  };
  const ask = (): Promise<string> => {
    asked += 1;
    return Promise.resolve(answer ?? '');
  };
  const installer = createInstaller({ isAsked, isCi, ask: answer === undefined ? undefined : ask }, system);
  const missing = [await installer.install(['slurmctld', 'munged']), await installer.install([])];
  return { installed, asked, missing };
}

describe('the installer of the demo', () => {
  it('installs nothing without a terminal, and prints the command that would install the packages', async () => {
    const { installed, missing } = await installing({});
    expect(installed).to.equal(false);
    expect(missing[0]).to.equal(
      'this machine has no slurmctld, no munge; to install them, run npm run demo -- --install',
    );
  });

  for (const [how, wishes] of [
    ['--install', { isAsked: true }],
    ['CI=true', { isCi: true }],
    ['--install at a terminal, without asking the user', { isAsked: true, answer: 'no' }],
  ] as const) {
    it(`installs the missing packages with ${how}`, async () => {
      expect(await installing(wishes)).to.deep.equal({ installed: true, asked: 0, missing: [undefined, undefined] });
    });
  }

  it('asks the user once, and installs the packages only if the user agrees', async () => {
    expect(await installing({ answer: 'y' })).to.include({ installed: true, asked: 1 });
    for (const answer of ['', 'n', 'what?'])
      expect(await installing({ answer })).to.include({ installed: false, asked: 1 });
  });

  it('prints that only root can install packages, without asking the user', async () => {
    const { asked, missing } = await installing({ answer: 'y', obstacle: 'only root can install it' });
    expect(asked).to.equal(0);
    expect(missing[0]).to.equal('this machine has no slurmctld, no munge, and only root can install it');
  });
});
