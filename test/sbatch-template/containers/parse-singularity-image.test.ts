// Image names of tasks: the argument of singularity exec for each, and which are refused.
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseImage } from '../../../src/sbatch-template/containers/parse-singularity-image.ts';
import { displayValue } from '../../../src/sbatch-template/placeholders/display-value.ts';
import { hostileText } from '../hostile-values.ts';

describe('parseImage (for Singularity)', () => {
  for (const [written, given] of [
    ['ubuntu', 'docker://ubuntu'],
    ['nvidia/cuda:12.6.3-cudnn-runtime-ubuntu20.04', 'docker://nvidia/cuda:12.6.3-cudnn-runtime-ubuntu20.04'],
    ['127.0.0.1:5000/team/train:1', 'docker://127.0.0.1:5000/team/train:1'],
    ['nvcr.io/nvidia/pytorch:24.01-py3', 'docker://nvcr.io/nvidia/pytorch:24.01-py3'],
    ['docker://nvcr.io#nvidia/pytorch:24.01-py3', 'docker://nvcr.io/nvidia/pytorch:24.01-py3'],
    ['python@sha256:0123456789abcdef', 'docker://python@sha256:0123456789abcdef'],
    ['Docker://python', 'docker://python'],
    ['oras://ghcr.io/lab/image:1', 'oras://ghcr.io/lab/image:1'],
    ['library://lab/train/image:1', 'library://lab/train/image:1'],
    [' /images/my image.sif ', '/images/my image.sif'],
    ['./image.sif', './image.sif'],
    ['image.sif', './image.sif'],
    ['images/torch.sif', './images/torch.sif'],
    ['/scratch/root/', '/scratch/root/'],
  ] as const) {
    it(`parses "${written}" as ${given}`, () => {
      expect(parseImage(written)).to.have.property('image', given);
    });
  }

  for (const [written, words] of [
    ['docker://me@nvcr.io/team/x:1', 'names a user: remove the user'],
    ['shub://vsoch/hello', 'has closed'],
    ['instance://mine', 'begins with neither docker://'],
    ['docker-daemon://x', 'begins with neither docker://'],
    ['https://example.org/x.sif', 'begins with neither docker://'],
    ['--writable', 'is not the name of an image'],
    ['docker://--writable', 'is not the name of an image'],
    ['ubuntu -v /:/host', 'is not the name of an image'],
    ['docker://ubuntu$(id)', 'is not the name of an image'],
    ['docker://lab/../../etc/x', 'is not the name of an image'],
    ['/a:b.sif', 'a colon'],
    ['/a\nb.sif', 'control character'],
  ] as const) {
    it(`rejects ${JSON.stringify(written)} with the message "… ${words} …"`, () => {
      expect(parseImage(written)).to.have.property('refusal').that.includes(words);
    });
  }

  for (const [written, files] of [
    ['nvcr.io/nvidia/pytorch:24.01-py3', ['nvcr.io/nvidia/pytorch_24.01-py3.sif', 'pytorch_24.01-py3.sif']],
    ['docker://python', ['python_latest.sif', 'python.sif']],
    [
      'oras://127.0.0.1:5000/lab/x',
      ['127.0.0.1_5000/lab/x_latest.sif', '127.0.0.1_5000/lab/x.sif', 'x_latest.sif', 'x.sif'],
    ],
    ['python@sha256:0123456789abcdef', ['python_sha256_0123456789abcdef.sif']],
    ['images/torch.sif', ['images/torch.sif']],
    ['../torch.sif', []],
    ['a/../torch.sif', []],
    ['/images/torch.sif', []],
  ] as const) {
    it(`maps ${written} to ${files.length > 1 ? 'the files ' : ''}${files.join(', ') || 'no file'} in the image directory`, () => {
      expect(parseImage(written)).to.have.property('siteFiles').that.deep.equals(files);
    });
  }

  for (const [written, file] of [
    ['nvcr.io/nvidia/pytorch:24.01-py3', 'nvcr.io~nvidia~pytorch=24.01-py3.sif'],
    ['docker://python:3.12', 'python=3.12.sif'],
    ['oras://127.0.0.1:5000/lab/x', 'oras=~~127.0.0.1=5000~lab~x.sif'],
    ['./python.sif', undefined],
    [`${'x'.repeat(300)}:1`, undefined],
  ] as const) {
    it(`maps ${displayValue(written)} to ${file ?? 'no file'} in the directory for pulled images`, () => {
      expect(parseImage(written)).to.have.property('pulledFile', file);
    });
  }

  it('maps images with similar names to different files', () => {
    const pieces = fc.constantFrom('a', '1', '.', '_', '/', ':', '@', '+', '-', 'oras://', 'library://', 'docker://');
    const name = fc.array(pieces, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
    const pulled = new Map<string, string>();
    fc.assert(
      fc.property(name, (written) => {
        const read = parseImage(written);
        if (!('image' in read) || read.pulledFile === undefined) return;
        expect(pulled.get(read.pulledFile) ?? read.image).to.equal(read.image);
        pulled.set(read.pulledFile, read.image);
      }),
      { numRuns: 5_000 },
    );
    expect(pulled.size).to.be.greaterThan(100);
  });

  it('never returns more than one shell word for a random hostile name', () => {
    fc.assert(
      fc.property(hostileText(), (written) => {
        const read = parseImage(written);
        if (!('image' in read)) return;
        expect(read.image).to.match(/^(?:(?:docker|oras|library):\/\/[\w.:/@+-]+$|\.{0,2}\/)/);
        for (const file of [...read.siteFiles, read.pulledFile ?? 'x.sif']) {
          expect(file).to.match(/\.(?:sif|simg|img|sqsh|squashfs)$/);
          expect(join('/images', file)).to.match(/^\/images\//);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
