#!/bin/sh
# As the one in AWS's image: the command is the handler's name, and the runtime client takes it from there.
if [ $# -ne 1 ]; then
  echo "entrypoint requires the handler name to be the first argument" 1>&2
  exit 142
fi
export _HANDLER="$1"
exec /var/lang/bin/python -m awslambdaric "$1"
