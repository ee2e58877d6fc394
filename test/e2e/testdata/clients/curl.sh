url=$1 last=
while :; do
  event= id=$last
  while IFS= read -r line; do
    case $line in
    "event: "*) event=${line#event: } ;;
    "id: "*) id=${line#id: } ;;
    "data: "*) data=${line#data: } ;;
    "")
      case $event in
      "") printf '%s\n' "$data" ;;
      source | dropped | repeats) printf '%s: %s\n' "$event" "$data" >&2 ;;
      esac
      event= last=$id
      ;;
    esac
  done < <(curl -sN --speed-limit 1 --speed-time 30 -H 'Accept: text/event-stream' ${last:+-H "Last-Event-ID: $last"} "$url")
  sleep 0.2
done
