/**
 * Reads a module's source from standard input and writes what it binds as JSON. Standard library only, Python 3.9 and newer.
 * The limits are set before the source is read: a parser gone wild is the system's to end.
 */
export const inspectScript = String.raw`
import json, sys
try:
    import resource
    for name, value in (('RLIMIT_CPU', 10), ('RLIMIT_AS', 1 << 30), ('RLIMIT_CORE', 0), ('RLIMIT_FSIZE', 0), ('RLIMIT_NOFILE', 64)):
        try:
            limit = getattr(resource, name)
            hard = resource.getrlimit(limit)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (value, value))
        except (AttributeError, ValueError, OSError):
            pass
except ImportError:
    pass
import ast, warnings
warnings.simplefilter('ignore')

def signature(args, kind, line, decorated, bound):
    positional = args.posonlyargs + args.args
    return {
        'kind': kind, 'line': line, 'decorated': decorated, 'times': bound,
        'most': None if args.vararg else len(positional),
        'least': len(positional) - len(args.defaults),
        'keywordOnly': [a.arg for a, d in zip(args.kwonlyargs, args.kw_defaults) if d is None],
    }

def plain(kind, line, bound):
    return {'kind': kind, 'line': line, 'decorated': False, 'times': bound, 'most': None, 'least': 0, 'keywordOnly': []}

names = {}
star = False

def bind(name, branch, make):
    before = names.get(name)
    # Two branches of one if or try exclude each other; a binding on the top level follows whatever was there.
    times = before['times'] + 1 if before and not branch else (before['times'] if before else 1)
    names[name] = make(times)

def assign(target, value, line, branch):
    if isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            assign(each, None, line, branch)
    elif isinstance(target, ast.Starred):
        assign(target.value, None, line, branch)
    elif isinstance(target, ast.Name):
        if isinstance(value, ast.Lambda):
            bind(target.id, branch, lambda n: signature(value.args, 'function', line, False, n))
        elif isinstance(value, ast.Name) and value.id in names:
            other = dict(names[value.id])
            bind(target.id, branch, lambda n: dict(other, line=line, times=n))
        else:
            bind(target.id, branch, lambda n: plain('assigned', line, n))

def walk(statements, branch):
    global star
    for node in statements:
        line = getattr(node, 'lineno', 0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            kind = 'function' if isinstance(node, ast.FunctionDef) else 'async'
            bind(node.name, branch, lambda n: signature(node.args, kind, line, bool(node.decorator_list), n))
        elif isinstance(node, ast.ClassDef):
            bind(node.name, branch, lambda n: plain('class', line, n))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                assign(target, node.value, line, branch)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            assign(node.target, node.value, line, branch)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.name == '*':
                    star = True
                else:
                    bind(alias.asname or alias.name.split('.')[0], branch, lambda n: plain('imported', line, n))
        else:
            for field in ('body', 'orelse', 'finalbody'):
                walk(getattr(node, field, None) or [], True)
            for handler in getattr(node, 'handlers', None) or []:
                walk(handler.body, True)
            for case in getattr(node, 'cases', None) or []:
                walk(case.body, True)

def answer(value):
    sys.stdout.write(json.dumps(value))
    sys.stdout.flush()

source = sys.stdin.buffer.read()
try:
    tree = ast.parse(source)
    walk(tree.body, False)
    wanted = ('model_fn', 'input_fn', 'predict_fn', 'output_fn')
    answer({'kind': 'module', 'names': {name: names[name] for name in wanted if name in names}, 'star': star})
except SyntaxError as error:
    text = error.text
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    answer({'kind': 'syntax', 'line': error.lineno or None, 'text': text.rstrip()[:200] if text else None, 'message': str(error.msg)[:300]})
except UnicodeError as error:
    answer({'kind': 'syntax', 'line': None, 'text': None, 'message': str(error)[:300]})
except ValueError as error:
    answer({'kind': 'syntax', 'line': None, 'text': None, 'message': str(error)[:300]})
except (RecursionError, MemoryError) as error:
    answer({'kind': 'gaveUp', 'reason': type(error).__name__})
`
