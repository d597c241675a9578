// `report`: what it does with a history that it cannot read completely.
import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { systemClock } from '../../src/base/clock.ts';
import { historyDir, monthFile, monthOf } from '../../src/history/history-file-names.ts';
import { openHistory } from '../../src/history/write-history.ts';
import { ATTEMPT } from '../history/attempts.ts';
import { silentLog } from '../support/silent-log.ts';
import { openCliWithSandbox } from './cli-with-sandbox.ts';

describe('the report command', () => {
  it('names a damaged history file and evaluates the other history files', async () => {
    await using cli = await openCliWithSandbox();
    const now = systemClock.now();
    const history = await openHistory({ stateDir: cli.folder, log: silentLog, now, hasAccounting: false });
    await history.record({ ...ATTEMPT, recordedAt: now });
    await history.close();
    const damaged = `${monthFile(historyDir(cli.folder), monthOf(now))}.gz`;
    await writeFile(damaged, 'no archive');

    const { code, stdout, stderr } = await cli.run('report', '--csv', '--state-dir', cli.folder);

    expect(code).to.equal(0);
    expect(stdout).to.include(ATTEMPT.userName);
    expect(stderr).to.include('Skipped a damaged history file: restore it from a backup, or delete it');
    expect(stderr).to.include(`${damaged} is damaged: incorrect header check`);
  });
});
