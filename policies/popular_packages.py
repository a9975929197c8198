"""Names that imitators imitate, by ecosystem: data for `packages`, nothing else. (T6)"""

from __future__ import annotations

from collections.abc import Mapping

_PYPI = """
aiobotocore aiofiles aiohttp aiosqlite alembic annotated-types anthropic anyio arrow asgiref
asn1crypto asyncpg attrs babel bcrypt beautifulsoup4 black boto boto3 botocore build cachetools
celery certifi cffi chardet charset-normalizer click cloudpickle colorama coverage cryptography
cython dask datasets decorator deprecated dill distlib django djangorestframework dnspython docker
docutils ecdsa elasticsearch email-validator et-xmlfile execnet fastapi filelock flake8 flask
flask-cors flask-sqlalchemy fonttools freezegun frozenlist fsspec gevent gitpython google-api-core
google-auth greenlet grpcio gunicorn h11 httpcore httpie httptools httpx huggingface-hub humanize
hypothesis idna importlib-metadata iniconfig ipython isodate isort itsdangerous jedi jinja2
jmespath joblib jsonschema jupyter kombu kubernetes langchain loguru lxml mako markdown markupsafe
matplotlib mock more-itertools msgpack multidict mypy mysqlclient networkx nltk notebook numpy
oauthlib openai openpyxl opentelemetry-api orjson packaging pandas paramiko passlib pathspec
pendulum pexpect pillow pip platformdirs playwright pluggy poetry polars prometheus-client
prompt-toolkit protobuf psutil psycopg psycopg2 psycopg2-binary pyarrow pyasn1 pycparser pydantic
pydantic-core pygithub pygments pyjwt pylint pymongo pymysql pynacl pyodbc pyopenssl pyparsing
pytest pytest-asyncio pytest-cov pytest-mock pytest-xdist python-dateutil python-dotenv
python-multipart pytz pyyaml pyzmq redis regex requests requests-oauthlib rich rq rsa ruff
s3transfer scikit-learn scipy selenium sentry-sdk setuptools shapely simplejson six sniffio
sqlalchemy starlette statsmodels structlog sympy tabulate tenacity tensorflow termcolor toml tomli
tomlkit torch tornado tox tqdm transformers typer types-requests typing-extensions tzdata tzlocal
ujson urllib3 uv uvicorn uvloop virtualenv watchfiles wcwidth websocket-client websockets werkzeug
wheel wrapt xlrd xmltodict yarl zipp zstandard
"""
_NPM = """
@angular/core @babel/core @babel/preset-env @types/node @types/react ajv angular async autoprefixer
axios babel-core babel-loader bcrypt bluebird body-parser bootstrap browserify chai chalk cheerio
chokidar classnames clsx colors commander compression concurrently cookie-parser core-js cors
cross-env cross-spawn css-loader d3 date-fns dayjs debug discord.js dotenv ejs electron enzyme
esbuild eslint eslint-plugin-import eslint-plugin-react event-stream events express fast-glob
fastify fs-extra glob got graphql gulp handlebars helmet http-proxy husky immer immutable inquirer
ioredis is-number jest joi jquery js-yaml jsdom jsonwebtoken knex koa left-pad less lint-staged
lodash lodash.merge lru-cache luxon marked mime minimatch minimist mkdirp mocha moment mongodb
mongoose morgan multer mysql mysql2 nanoid next node-fetch node-sass nodemailer nodemon nuxt nyc
ora passport path-to-regexp pg pino pm2 postcss preact prettier prisma prop-types puppeteer qs
ramda react react-dom react-native react-redux react-router react-router-dom redis redux request
rimraf rollup rxjs sass sass-loader semver sequelize sharp shelljs sinon socket.io source-map
sqlite3 string-width style-loader styled-components superagent supertest svelte tailwindcss terser
through2 ts-jest ts-loader ts-node tslib typeorm typescript uglify-js underscore uuid validator
vite vitest vue vue-router vuex webpack webpack-cli webpack-dev-server winston ws yargs yup zod
zustand
"""

POPULAR: Mapping[str, frozenset[str]] = {
    "PyPI": frozenset(_PYPI.split()),
    "npm": frozenset(_NPM.split()),
}
