/// The configuration of the ingress's nginx: TLS, plain HTTP, and Lua that routes and balances by data that it is
/// given while it runs, so that no reload ever cuts a client's connection.
///
/// That is ingress-nginx's way. What it goes by comes from the ``IngressController``.
struct IngressConfiguration: Sendable {
  /// The ports on 127.0.0.1, for HTTPS and for plain HTTP.
  var httpsPort: UInt16
  var httpPort: UInt16
  /// Its default certificate is shown to whom no other one belongs.
  var certificates: Certificates
  /// Where it is told what to do: `PUT /configuration` and `PUT /certificate?name=NAME`.
  var socket: String
  /// The access log: time, request id, pod address, pod status, status, seconds, method and path.
  var accessLog: String

  /// The text inside nginx's `http` block.
  var text: String {
    """
      lua_package_path "/usr/share/lua/5.1/?.lua;;";
    \(IngressScript.text(httpsPort: httpsPort))
      map $http_x_request_id $id { "" $request_id; default $http_x_request_id; }
      log_format ingress "$msec $id $upstream_addr $upstream_status $status $request_time $request_method $uri";
      access_log \(accessLog) ingress buffer=64k flush=1s;

      # One for all Services: kept connections are told apart by the pod's address. Pods close idle ones only when they
      # end; then nginx drops them here too.
      upstream pods {
        server 0.0.0.1;  # never used: the balancer chooses
        balancer_by_lua_block { sandbox_balance() }
        keepalive 512;
        keepalive_requests 10000000;
        keepalive_timeout 10m;
      }

      ssl_certificate \(certificates.folder)/default.crt;
      ssl_certificate_key \(certificates.folder)/default.key;
      ssl_protocols TLSv1.2 TLSv1.3;
      ssl_session_cache shared:tls:2m;
      # nginx closes a connection after 1000 requests unless told: a client would see it as a fault of the rollout.
      keepalive_requests 10000000;
      keepalive_timeout 1h;
      http2_max_concurrent_streams 1024;

      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header X-Request-ID $id;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      # Traefik, the ingress that was measured, tries no second pod: a refused connection is a 502 at once, and
      # a pod that is silent a 504 after 30 s.
      proxy_next_upstream off;
      proxy_connect_timeout 30s;
      proxy_read_timeout 60s;

      server {
        listen 127.0.0.1:\(httpsPort) ssl http2 backlog=1024;
        ssl_certificate_by_lua_block { sandbox_choose_certificate() }
        location / {
          access_by_lua_block { sandbox_route(true) }
          proxy_pass http://pods;
        }
      }
      server {
        listen 127.0.0.1:\(httpPort) backlog=1024;
        location / {
          access_by_lua_block { sandbox_route(false) }
          proxy_pass http://pods;
        }
      }
      server {
        listen unix:\(socket);
        access_log off;
        client_max_body_size 4m;
        client_body_buffer_size 4m;
        location = /configuration { content_by_lua_block { sandbox_set_configuration() } }
        location = /certificate { content_by_lua_block { sandbox_set_certificate() } }
      }
    """
  }
}
