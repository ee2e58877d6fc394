# Sluice as an image: the program, static, and the certificates that the world trusts.
# There is no shell in it, and no user but a number.
#
#	make image
ARG GO_VERSION=1.26

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS=linux
ARG TARGETARCH=amd64
ARG VERSION=
ARG COMMIT=
ARG DATE=
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false \
    -ldflags "-s -w -buildid= -X sluice/cluster/version.version=${VERSION} -X sluice/cluster/version.commit=${COMMIT} -X sluice/cluster/version.date=${DATE}" \
    -o /out/sluice .

FROM scratch
ARG VERSION=
ARG COMMIT=
ARG DATE=
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="The live logs of a whole cluster in one terminal" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.created="${DATE}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/sluice /usr/bin/sluice
USER 65532:65532
# A consolidator's publish, subscribe and admin endpoints; a proxy's, and its admin endpoint.
EXPOSE 5551 5552 5553 5580 5581
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/sluice"]
