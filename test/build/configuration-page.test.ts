// docs/configuration.md: generated from the schema, committed and complete.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { NAMED_VARIABLES, OTHER_VARIABLES } from '../../src/config/environment-variables.ts';
import { referencePage } from '../../build/docs/configuration-page.ts';
import { clearmlRows, knownNames, settingRows } from '../../src/config/schema/settings-rows.ts';

describe('docs/configuration.md', () => {
  it('equals the output of `npm run docs`', () => {
    const committed = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

    expect(committed).to.equal(referencePage());
  });

  it('describes every setting and every variable', () => {
    const page = referencePage();

    for (const { name, meaning } of settingRows()) expect(page).to.contain(`| \`${name}\` |`).and.to.contain(meaning);
    for (const { name } of clearmlRows()) expect(page).to.contain(`| \`${name}\` |`);
    for (const { names } of [...NAMED_VARIABLES, ...Object.values(OTHER_VARIABLES)])
      for (const name of names) expect(page).to.contain(`\`${name}\``);
  });

  it('contains no newline and no vertical bar in the description of a setting', () => {
    for (const { name, meaning } of [...settingRows(), ...clearmlRows()])
      expect(meaning, name).to.match(/^[A-Z][^\n|]+\.$/);
  });
});

describe('the table of settings', () => {
  it('contains the name, type, default and minimum of each setting', () => {
    const rows = new Map(settingRows().map((row) => [row.name, row]));

    expect(rows.get('poll_interval_sec')).to.deep.include({ type: 'number', fallback: '15', least: 1 });
    expect(rows.get('queues')).to.deep.include({ type: 'list or group', fallback: '[]' });
    expect(rows.get('queues.<name>.cluster')).to.deep.include({ type: 'string', fallback: undefined });
    expect(rows.get('clusters')).to.deep.include({ type: 'group', fallback: undefined });
    expect(rows.get('clusters.<name>.identity_file')).to.deep.include({ type: 'string or list' });
    expect(rows.get('clusters.<name>.channels')).to.deep.include({ type: 'number', fallback: '4', least: 1 });
    expect(rows.get('grace')).to.deep.include({ type: 'group', fallback: undefined });
    expect(rows.get('grace.end_sec')).to.deep.include({ type: 'number', fallback: '60' });
    expect(rows.get('shared_dir')).to.deep.include({ type: 'string', fallback: undefined });
  });

  it("contains ClearML's own settings, such as api.api_server, with their full names", () => {
    const names = clearmlRows().map(({ name }) => name);

    expect(names).to.include.members(['api.api_server', 'api.credentials.secret_key', 'agent.worker_id']);
    expect(names).not.to.include('agent.slurm');
  });

  it('contains the names that each group of settings accepts', () => {
    expect(knownNames([])).to.include('grace').and.not.to.include('end_sec');
    expect(knownNames(['clusters', 'hpc1']))
      .to.include('host')
      .and.not.to.include('grace');
    expect(knownNames(['queues', 'gpu'])).to.deep.equal([
      'cluster',
      'template',
      'properties',
      'other_properties',
      'max_jobs',
      'max_waiting_jobs',
      'max_jobs_per_user',
      'max_nodes',
      'max_gpus',
      'user_fairness',
      'resubmit_on_timeout',
    ]);
    expect(knownNames(['grace'])).to.deep.equal([
      'start_sec',
      'server_sec',
      'end_sec',
      'stop_sec',
      'absent_sec',
      'never_starts_sec',
      'adopt_sec',
    ]);
  });
});
