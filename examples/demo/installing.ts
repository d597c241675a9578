// Whether the demo may install what a real Slurm needs, which only root can: asked at a terminal, and never done unasked.
import { hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { installDebianPackages, missingDebianPackages, whyNotInstallable } from '../../test/set-up/debian-packages.mjs';
import { ensureHostName, isHostNameKnown } from '../../test/set-up/host-name.mjs';
import { clearPending } from './screen.mjs';

/** The words that allow it beforehand. */
const INSTALL_COMMAND = 'npm run demo -- --install';

export interface Installer {
  /** Returns what is still missing, as a sentence; undefined once these programs are there, and the machine knows its own name. */
  install(programs: readonly string[]): Promise<string | undefined>;
}

interface Circumstances {
  /** `--install` was typed. */
  readonly isAsked: boolean;
  readonly isCi: boolean;
  /** Puts the question to a person; undefined where nobody is there. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/** Pure. */
function mayInstall({ isAsked, isCi, ask }: Circumstances): 'yes' | 'ask' | 'no' {
  if (isAsked || isCi) return 'yes';
  return ask === undefined ? 'no' : 'ask';
}

/** The question names each package, and where it goes. Pure. */
function installQuestion(packages: readonly string[], newHostName: string | undefined): string[] {
  const wanted = [
    "A real Slurm needs packages that apt-get would install from Debian's archive:",
    `  ${packages.join(' ')}`,
  ];
  return [
    ...(packages.length === 0 ? [] : wanted),
    ...(newHostName === undefined ? [] : [`It needs the line "127.0.0.1 ${newHostName}" in /etc/hosts.`]),
    'They go into this system and stay after the demo; no service is started.',
    'Without them the demo uses a stand-in.',
  ];
}

/** What is looked at and changed on this machine. */
export interface System {
  missingPackages(programs: readonly string[]): Promise<readonly string[]>;
  isHostNameKnown(): Promise<boolean>;
  whyNotInstallable(): string | undefined;
  install(programs: readonly string[]): Promise<{ readonly missing: readonly string[] }>;
}

const THIS_SYSTEM: System = {
  missingPackages: missingDebianPackages,
  isHostNameKnown,
  whyNotInstallable,
  async install(programs) {
    const packages = await installDebianPackages(programs);
    return packages.missing.length > 0 || programs.length === 0 ? packages : ensureHostName();
  },
};

/** An answer counts for the rest of the demo. */
export function createInstaller(here: Circumstances, system: System = THIS_SYSTEM): Installer {
  let permission = mayInstall(here);

  async function isAllowed(packages: readonly string[], newHostName: string | undefined): Promise<boolean> {
    if (permission === 'ask' && here.ask !== undefined) {
      clearPending();
      const lines = [...installQuestion(packages, newHostName), 'Install them? [y/N] '];
      const answer = await here.ask(lines.map((line) => `  ${line}`).join('\n'));
      permission = /^y(es)?$/i.test(answer.trim()) ? 'yes' : 'no';
    }
    return permission === 'yes';
  }

  return {
    async install(programs) {
      const packages = await system.missingPackages(programs);
      // Slurm's daemons look it up.
      const isNameNeeded = programs.length > 0 && !(await system.isHostNameKnown());
      const newHostName = isNameNeeded ? (hostname().split('.')[0] ?? '') : undefined;
      if (packages.length === 0 && newHostName === undefined) return undefined;
      const lacks = [
        ...packages.map((name) => `no ${name}`),
        ...(newHostName === undefined ? [] : [`no address for its name, ${newHostName}`]),
      ];
      const obstacle = system.whyNotInstallable();
      if (obstacle !== undefined) return `this machine has ${lacks.join(', ')}, and ${obstacle}`;
      if (!(await isAllowed(packages, newHostName)))
        return `this machine has ${lacks.join(', ')}; to have that installed: ${INSTALL_COMMAND}`;
      return (await system.install(programs)).missing[0];
    },
  };
}

/** Undefined where nobody is at a terminal. */
export function personAtTerminal(stop: AbortSignal): Circumstances['ask'] {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    // Ctrl-C reaches the demo as it does elsewhere, and the end of the input is no consent.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    try {
      return await Promise.race([lines.question(question, { signal: stop }), closed]);
    } catch (error) {
      stop.throwIfAborted();
      throw error;
    } finally {
      lines.close();
    }
  };
}
