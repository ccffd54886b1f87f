"""What tests/faults/run.py disturbs: a small job of each tool, and how to tell whether a file is whole.

A job is prepared in a folder that has the same path each time, so that its files have the same bytes.
"""

import dataclasses
import io
import json
import pathlib
import shutil
import zipfile

NETWORK = '--size 16 --g-widths 8,8,8,8 --d-widths 8,8,8,8 --z-dim 16 --batch 8 --threads 1'
EVERY = '--checkpoint-every 1 --keep 2 --sample-every 2 --swd-every 2 --swd-images 16 --bn-calibrate 1'
SYNTHETIC = '--synthetic-images 64'


@dataclasses.dataclass(frozen=True)
class Job:
    name: str
    program: str  # whose calls are met: the tool, or a tool that it starts
    command: str  # {d} is the job's folder
    again: str  # after a fault, this ends as command would have
    fixtures: tuple = ()  # folders and files of the fixtures that lie in the job's folder before
    before: str = ''  # a command that leaves older output
    history: str = ''  # another command whose files may be seen on the way to the end
    most: int = 0  # calls of a kind that are met where not all are; 0: the runner's own bound


def train(more, again=''):
    flags = f'{NETWORK} {EVERY} --iterations 4 {more}'
    return f'train_gan {flags}', f'train_gan {flags} {again}'


def all_jobs(has_page):
    """has_page: whether the page is built that export --web fills."""
    new, resumed = train(f'{SYNTHETIC} --out {{d}}/run --profile', '--resume auto')
    cached, cached_again = train('--data {d}/pictures --cache {d}/cache --out {d}/run', '--resume auto')
    longer = 'train_gan --resume {d}/run --iterations 6'
    drawn = 'generate {d}/run --n 5 --bn-calibrate 0 --threads 1 --out {d}/drawn --grid {d}/grid.png'
    faces = 'make_faces --n 5 --size 16 --out {d}/faces --grid {d}/grid.png'
    exported = 'export {d}/run --bn-calibrate 0 --threads 1 -o {d}/model'
    search = (f'plan --search --size 16 --gf-dim 2 --df-dim 2 --z-dim 16 --batch 8 --iterations 1 --swd-images 16 --synthetic-images 64 '
              f'--threads 1 --out {{d}}/search')
    paper = 'paper PIECE --scale smoke --threads 1 --out {d}/paper'
    trained = paper.replace('PIECE', 'sampling') + ' --settings A --size 16 --gf-dim 2 --df-dim 2 --batch 8 --iterations 1 --swd-images 16'
    page = 'export {d}/run --bn-calibrate 0 --threads 1 --web {d}/page'
    page_jobs = [Job('export --web', 'export', page, page + ' --force', ('run',))] if has_page else []
    return [
        Job('train_gan', 'train_gan', new, resumed, history=new.replace('--keep 2', '--keep 9')),
        Job('train_gan --resume', 'train_gan', longer, longer, ('run',), history=longer + ' --keep 9'),
        Job('train_gan --cache', 'train_gan', cached, cached_again, ('pictures',), history=cached.replace('--keep 2', '--keep 9')),
        Job('train_gan --force', 'train_gan', new + ' --force', new + ' --force', ('run',),
            history=new.replace('--keep 2', '--keep 9') + ' --force'),
        Job('generate', 'generate', drawn, drawn + ' --force', ('run',)),
        Job('generate --force', 'generate', drawn + ' --force', drawn + ' --force', ('run',), before=drawn + ' --seed 2 --force'),
        Job('export', 'export', exported + '.pbgen', exported + '.pbgen --force', ('run',)),
        Job('export --force', 'export', exported + '.pbgen --force', exported + '.pbgen --force', ('run',),
            before=exported + '.pbgen --linear-precision half'),
        Job('export --to npz', 'export', exported + '.npz --to npz', exported + '.npz --to npz --force', ('run',)),
        Job('export --to safetensors', 'export', exported + '.safetensors --to safetensors',
            exported + '.safetensors --to safetensors --force', ('run',)),
        Job('make_faces', 'make_faces', faces, faces + ' --force'),
        Job('make_faces --force', 'make_faces', faces + ' --force', faces + ' --force', before=faces + ' --seed 2'),
        Job('swd_eval', 'swd_eval', *['swd_eval {d}/pictures {d}/run --size 16 --num-images 8 --bn-calibrate 0 --threads 1 --json'] * 2,
            ('pictures', 'run')),
        Job('plan --config', 'plan', *['plan --config {d}/run/config.json --json'] * 2, ('run',)),
        Job('plan --search', 'plan', search, search, most=2),
        Job('plan --search, a trial', 'train_gan', search, search, most=2),
        Job('paper', 'paper', *[paper.replace('PIECE', 'binarization-error')] * 2),
        Job('paper, trained', 'paper', *[trained] * 2, most=3),
        Job('paper, a trial', 'train_gan', *[trained] * 2, most=2),
        *page_jobs,
    ]


def make_fixtures(run, folder):
    """A trained run of four iterations and 24 pictures, moved into a job's folder by its name; run(command) runs a tool."""
    run(f'train_gan {NETWORK} {EVERY} {SYNTHETIC} --iterations 4 --out {folder}/run')
    run(f'make_faces --n 24 --size 20 --out {folder}/pictures')


def prepare(job, folder, fixtures, run):
    """The job's folder as it is before the job."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in job.fixtures:
        shutil.copytree(fixtures / name, folder / name, copy_function=shutil.copy2)
    if job.before:
        run(job.before.format(d=folder))


def _json_shape(value):
    """Keys and types: what of timed results is the same each time."""
    if isinstance(value, dict):
        return tuple((key, _json_shape(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(_json_shape(item) for item in value)
    return 'number' if isinstance(value, (int, float)) else type(value).__name__ if value is None else str(value)


def _log_rows(text):
    """Rows without their speed."""
    rows = [line.split(',') for line in text.splitlines()]
    return tuple(tuple(cells[:6] + cells[7:]) for cells in rows)


def is_timed(name):
    """Whether a file tells times, or is written several times as more becomes known: then whole() knows that it is not cut off, no more."""
    path = pathlib.PurePath(name)
    return path.suffix in ('.html', '.csv', '.svg') or path.name in ('scores.json', 'search.json', 'profile.txt', 'output.txt')


def whole(path):
    """What of a file is the same in each run; None where it is broken."""
    data = path.read_bytes()
    try:
        if path.name == 'output.txt':
            return 'what trials print'
        if path.name == 'section.html':
            return 'a part of a page' if data.decode().endswith('>\n') else None
        if path.suffix == '.html':
            text = data.decode()
            return tuple(text.count(tag) for tag in ('<img', '<svg', '<table', '<h2')) if text.rstrip().endswith('</html>') else None
        if path.name in ('scores.json', 'search.json'):
            return _json_shape(json.loads(data))
        if path.name == 'log.csv':
            return _log_rows(data.decode()) if data.endswith(b'\n') else None
        if path.suffix == '.csv':
            return data.decode().splitlines()[0] if data.endswith(b'\n') else None
        if path.suffix == '.svg':
            return 'a chart' if data.decode().rstrip().endswith('</svg>') else None
        if path.name == 'profile.txt':
            return 'a profile' if data.decode().endswith('\n') else None
        if path.suffix == '.npz':
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if archive.testzip() is not None:
                    return None
        return data
    except (ValueError, IndexError, zipfile.BadZipFile):
        return None


def is_partial(path):
    return '.partial' in path.name


def is_lock(path):
    """A file that is only locked, never read."""
    return path.name in ('.lock', 'lock') or path.suffix == '.lock'


def tree(folder):
    """Every file below, whole() of each; partial files and locks are left out."""
    files = [path for path in sorted(pathlib.Path(folder).rglob('*')) if path.is_file()]
    return {str(path.relative_to(folder)): whole(path) for path in files if not is_partial(path) and not is_lock(path)}


def partials(folder):
    return [str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob('*') if is_partial(path)]
