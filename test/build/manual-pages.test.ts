// The man pages: they describe every command, option and setting, and groff prints no warning.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMMANDS } from '../../src/cli/all-commands.ts';
import { EXIT } from '../../src/base/exit-codes.ts';
import { helpText } from '../../src/cli/help-text.ts';
import { commandsPage, settingsPage } from '../../build/manual/manual-pages.ts';
import { roffText } from '../../build/manual/roff.ts';
import { settingRows } from '../../src/config/schema/settings-rows.ts';
import { requireManual } from '../support/skip-unless.ts';

const execute = promisify(execFile);

describe('the man pages', () => {
  before(requireManual);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manual-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** As a person sees it, each run of white space one blank. Whatever troff warns of fails it. */
  async function shown(page: string, section: number): Promise<string> {
    const file = join(folder, `page.${section}`);
    await writeFile(file, page);
    const { stdout, stderr } = await execute('groff', ['-man', '-Tutf8', '-P-cbou', '-rHY=0', '-wall', file]);
    expect(stderr).to.equal('');
    return stdout.replace(/ \\\n\s+/g, ' ').replace(/\s+/g, ' ');
  }

  it('list every exit code, subcommand, option and example in section 1', async () => {
    const page = await shown(commandsPage(COMMANDS), 1);

    for (const command of COMMANDS) {
      const help = helpText(command, COMMANDS);
      const usage = /^Usage:\n {2}(.*)$/m.exec(help)?.[1] ?? 'no usage';
      expect(page).to.include(usage);
      for (const { commandLine: words } of command.examples) expect(page).to.include(`clearml-agent-slurm ${words}`);
      for (const [, option = ''] of help.matchAll(/^ {2}(?:-\w, )?(--\S+)/gm)) expect(page).to.include(option);
    }
    for (const code of Object.values(EXIT)) expect(page).to.match(new RegExp(`EXIT STATUS.* ${code} `));
  });

  it('describe every setting in section 5', async () => {
    const page = await shown(settingsPage(), 5);

    for (const { name } of settingRows()) expect(page).to.include(` ${name} `);
    expect(page).to.include('CLEARML_CONFIG_FILE').and.to.include('poll_interval_sec');
  });

  it('escape the characters that troff would interpret, such as a leading full stop', async () => {
    const text = "a\\b -- 'c' \\fB ~ ^ é “d” `code`";
    const page = await shown(`.TH X 1\n${roffText(`.start ${text}`)}\n${roffText(text)}\n`, 1);

    expect(page).to.include(".start a\\b -- 'c' \\fB").and.to.include('code');
  });
});
